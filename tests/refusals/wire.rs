use pointlock::edge::EdgeId;
use pointlock::invoice::PaymentPath;
use pointlock::wire::{
    BlindedHop, BlindedPath, IntroductionNode, TlvStream, read_bigsize, read_tu32,
};

use crate::curve::point;
use crate::variants::{Case, said};

fn hop(data: usize) -> BlindedHop {
    BlindedHop { blinded_node_id: point(1), encrypted_recipient_data: vec![0; data] }
}

pub(crate) fn path() -> BlindedPath<IntroductionNode> {
    let introduction_node = IntroductionNode::NodeId(point(2));
    BlindedPath::from_parts(introduction_node, point(3), vec![hop(1)]).unwrap()
}

fn path_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    path().write(&mut bytes);
    bytes
}

fn read(bytes: &[u8]) -> String {
    said(BlindedPath::<IntroductionNode>::read(bytes))
}

fn parse(bytes: &[u8]) -> String {
    said(TlvStream::parse(bytes))
}

fn edge(kind: u8, last: [u8; 8]) -> String {
    let mut bytes = [0; EdgeId::LENGTH];
    bytes[0] = kind;
    bytes[33..].copy_from_slice(&last);
    said(EdgeId::from_bytes(&bytes))
}

pub(crate) const CASES: &[Case] = &[
    ("WireError::BigSizeTruncated", || said(read_bigsize(&[0xfd, 1]))),
    ("WireError::BigSizeNotMinimal", || said(read_bigsize(&[0xfd, 0, 1]))),
    ("WireError::IntegerTooLong", || said(read_tu32(&[1; 5]))),
    ("WireError::IntegerNotMinimal", || said(read_tu32(&[0, 1]))),
    ("WireError::TypeTruncated", || parse(&[0xfd, 1])),
    ("WireError::TypeNotMinimal", || parse(&[0xfd, 0, 1, 0])),
    ("WireError::LengthTruncated", || parse(&[1, 0xfd])),
    ("WireError::LengthNotMinimal", || parse(&[1, 0xfd, 0, 1, 7])),
    ("WireError::ValueTruncated", || parse(&[1, 2, 7])),
    ("WireError::OutOfOrder", || parse(&[3, 0, 1, 0])),
    ("WireError::Duplicate", || parse(&[3, 0, 3, 0])),
    ("WireError::PathTruncated", || read(&path_bytes()[..path_bytes().len() - 1])),
    ("WireError::PathPoint", || {
        let mut bytes = path_bytes();
        bytes[0] = 9;
        read(&bytes)
    }),
    ("WireError::PathHops", || {
        said(BlindedPath::from_parts(IntroductionNode::NodeId(point(2)), point(3), vec![]))
    }),
    ("WireError::PathTerms", || said(PaymentPath::from_bytes(&path_bytes()))),
    ("WireError::PathData", || {
        let hops = vec![hop(65_536)];
        said(BlindedPath::from_parts(IntroductionNode::NodeId(point(2)), point(3), hops))
    }),
    ("EdgeIdError::Kind", || edge(3, [0; 8])),
    ("EdgeIdError::OutputIndex", || edge(0, [1; 8])),
];
