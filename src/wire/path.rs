use alloc::vec::Vec;
use core::fmt;

use super::WireError;
use crate::curve::{CurveError, Point};

/// A blinded path, as its maker hands it out: in an offer or an invoice, say. Nothing in it is secret.
///
/// It has 1 to 255 hops. The first is the introduction node, the only one that is told. `N` is how: by its
/// node id, which whoever builds an onion needs, or by an [`IntroductionNode`], which may name a channel
/// instead. What is read is the latter; [`resolve`](BlindedPath::resolve) turns it into the former.
///
/// Encoding (BOLT 4, `blinded_path`): `first_node_id` (33 or 9 bytes) ‖ `first_path_key` (33) ‖
/// `num_hops` (1) ‖ for each hop `blinded_node_id` (33) ‖ `enclen` (2, big endian) ‖
/// `encrypted_recipient_data` (`enclen`). It ends where its last hop does, so that paths stand one
/// behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlindedPath<N = Point> {
    introduction_node: N,
    first_path_key: Point,
    hops: Vec<BlindedHop>,
}

/// What a sender is told about one hop of a blinded path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlindedHop {
    /// To whom the sender encrypts this hop's layer of its onion.
    pub blinded_node_id: Point,
    /// The maker's data for this hop, encrypted, 16 bytes longer than in the clear; at most 65,535. The
    /// sender puts it into this hop's payload as it is.
    pub encrypted_recipient_data: Vec<u8>,
}

/// The first node of a blinded path (BOLT 1, `sciddir_or_pubkey`).
///
/// `Display` gives the node id in hexadecimal digits, or the channel as `block x transaction x output` and,
/// behind a slash, 0 or 1 for its end: `1x2x3/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntroductionNode {
    /// By its node id: 33 bytes.
    NodeId(Point),
    /// As one end of a channel, which the reader has to know: 9 bytes, 0 or 1 for the end and the id as
    /// 8 bytes, big endian.
    Channel {
        /// The channel.
        short_channel_id: u64,
        /// Which of its ends.
        end: ChannelEnd,
    },
}

/// One of the two nodes of a `channel_announcement` (BOLT 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelEnd {
    /// `node_id_1`, the one whose id is the lesser: direction 0.
    NodeId1,
    /// `node_id_2`: direction 1.
    NodeId2,
}

/// A part of a blinded path's encoding. `Display` gives its name in BOLT 4.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// The introduction node.
    FirstNodeId,
    /// The first path key.
    FirstPathKey,
    /// The number of hops.
    NumHops,
    /// The blinded id of a hop.
    BlindedNodeId {
        /// The hop, counted from 0 at the introduction node.
        hop: usize,
    },
    /// The length of a hop's data.
    EncLen {
        /// The hop, counted from 0 at the introduction node.
        hop: usize,
    },
    /// The data of a hop.
    EncryptedRecipientData {
        /// The hop, counted from 0 at the introduction node.
        hop: usize,
    },
}

impl<N> BlindedPath<N> {
    /// The most hops that a path can have.
    pub const MAX_HOPS: usize = 255;

    /// A path of these parts.
    ///
    /// # Errors
    ///
    /// [`WireError::PathHops`] unless there are 1 to [`MAX_HOPS`](Self::MAX_HOPS) hops;
    /// [`WireError::PathData`] for data that is longer than its length can say.
    pub fn from_parts(
        introduction_node: N,
        first_path_key: Point,
        hops: Vec<BlindedHop>,
    ) -> Result<Self, WireError> {
        check_count(hops.len())?;
        for (hop, BlindedHop { encrypted_recipient_data, .. }) in hops.iter().enumerate() {
            let length = encrypted_recipient_data.len();
            if u16::try_from(length).is_err() {
                return Err(WireError::PathData { hop, length });
            }
        }
        Ok(Self { introduction_node, first_path_key, hops })
    }

    /// This path and, after it, one that somebody else made. The data of this path's last hop must have
    /// the other's [`first_path_key`](Self::first_path_key) as its `next_path_key_override`, and lead to the
    /// other's introduction node: its maker takes care of that, because nobody else can see it.
    ///
    /// # Errors
    ///
    /// [`WireError::PathHops`] when the two are too long together.
    pub fn join<M>(mut self, tail: BlindedPath<M>) -> Result<Self, WireError> {
        check_count(self.hops.len() + tail.hops.len())?;
        self.hops.extend(tail.hops);
        Ok(self)
    }

    /// The introduction node.
    pub fn introduction_node(&self) -> &N {
        &self.introduction_node
    }

    /// E_0, for the introduction node's payload (`current_path_key`).
    pub fn first_path_key(&self) -> &Point {
        &self.first_path_key
    }

    /// The hops, from the introduction node on; at least one.
    pub fn hops(&self) -> &[BlindedHop] {
        &self.hops
    }

    /// The blinded id of the last hop: the node at the end, under the name that the sender has for it.
    pub fn last_blinded_node_id(&self) -> &Point {
        &self.hops.last().expect("there is at least one hop").blinded_node_id
    }

    fn with<M>(&self, introduction_node: M) -> BlindedPath<M> {
        let Self { first_path_key, hops, .. } = self;
        BlindedPath { introduction_node, first_path_key: *first_path_key, hops: hops.clone() }
    }
}

impl BlindedPath {
    /// The node id of the introduction node, to which the sender finds a route.
    pub fn first_node_id(&self) -> &Point {
        &self.introduction_node
    }
}

impl BlindedPath<IntroductionNode> {
    /// Reads the path that `bytes` start with, and how many bytes it takes.
    ///
    /// # Errors
    ///
    /// [`WireError::PathTruncated`], [`WireError::PathPoint`] and [`WireError::PathHops`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), WireError> {
        let mut reader = Reader { left: bytes, points: Vec::new() };
        let channel = reader.channel()?;
        if channel.is_none() {
            reader.point(PathPart::FirstNodeId)?;
        }
        reader.point(PathPart::FirstPathKey)?;
        let [count] = reader.array(PathPart::NumHops)?;
        check_count(usize::from(count))?;
        let data = (0..usize::from(count)).map(|hop| reader.hop(hop));
        let data = data.collect::<Result<Vec<_>, _>>()?;
        let length = bytes.len() - reader.left.len();
        let mut points = reader.decompressed()?.into_iter();
        let mut next = || points.next().expect("each was asked for once");
        let path = Self {
            introduction_node: channel.unwrap_or_else(|| IntroductionNode::NodeId(next())),
            first_path_key: next(),
            hops: data
                .into_iter()
                .map(|data| BlindedHop {
                    blinded_node_id: next(),
                    encrypted_recipient_data: data.to_vec(),
                })
                .collect(),
        };
        Ok((path, length))
    }

    /// Appends the encoding to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.introduction_node {
            IntroductionNode::NodeId(node_id) => out.extend_from_slice(&node_id.to_bytes()),
            IntroductionNode::Channel { short_channel_id, end } => {
                out.push(end.direction());
                out.extend_from_slice(&short_channel_id.to_be_bytes());
            }
        }
        out.extend_from_slice(&self.first_path_key.to_bytes());
        out.push(u8::try_from(self.hops.len()).expect("a path has 255 hops at most"));
        for BlindedHop { blinded_node_id, encrypted_recipient_data } in &self.hops {
            let length = u16::try_from(encrypted_recipient_data.len())
                .expect("data has 65,535 bytes at most");
            out.extend_from_slice(&blinded_node_id.to_bytes());
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(encrypted_recipient_data);
        }
    }

    /// The path with the node id of its introduction node, which is in the path, or is what `node_of`
    /// finds for a channel and one of its ends. None where that is not known.
    pub fn resolve(
        &self,
        node_of: impl FnOnce(u64, ChannelEnd) -> Option<Point>,
    ) -> Option<BlindedPath> {
        let node_id = match self.introduction_node {
            IntroductionNode::NodeId(node_id) => node_id,
            IntroductionNode::Channel { short_channel_id, end } => node_of(short_channel_id, end)?,
        };
        Some(self.with(node_id))
    }
}

impl From<BlindedPath> for BlindedPath<IntroductionNode> {
    fn from(path: BlindedPath) -> Self {
        path.with(IntroductionNode::NodeId(path.introduction_node))
    }
}

impl ChannelEnd {
    /// 0 or 1.
    pub fn direction(self) -> u8 {
        match self {
            Self::NodeId1 => 0,
            Self::NodeId2 => 1,
        }
    }
}

impl fmt::Display for IntroductionNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeId(node_id) => write!(f, "{node_id}"),
            Self::Channel { short_channel_id: id, end } => {
                let (block, transaction, output) = (id >> 40, id >> 16 & 0xff_ffff, id & 0xffff);
                write!(f, "{block}x{transaction}x{output}/{}", end.direction())
            }
        }
    }
}

impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstNodeId => f.write_str("first_node_id"),
            Self::FirstPathKey => f.write_str("first_path_key"),
            Self::NumHops => f.write_str("num_hops"),
            Self::BlindedNodeId { hop } => write!(f, "blinded_node_id of hop {hop}"),
            Self::EncLen { hop } => write!(f, "enclen of hop {hop}"),
            Self::EncryptedRecipientData { hop } => {
                write!(f, "encrypted_recipient_data of hop {hop}")
            }
        }
    }
}

fn check_count(hops: usize) -> Result<(), WireError> {
    if (1..=BlindedPath::<Point>::MAX_HOPS).contains(&hops) {
        Ok(())
    } else {
        Err(WireError::PathHops { hops })
    }
}

/// What is left to be read, and the points that were, which are decompressed together.
struct Reader<'a> {
    left: &'a [u8],
    points: Vec<(PathPart, [u8; 33])>,
}

impl<'a> Reader<'a> {
    fn slice(&mut self, part: PathPart, length: usize) -> Result<&'a [u8], WireError> {
        let (slice, rest) =
            self.left.split_at_checked(length).ok_or(WireError::PathTruncated { part })?;
        self.left = rest;
        Ok(slice)
    }

    fn array<const L: usize>(&mut self, part: PathPart) -> Result<[u8; L], WireError> {
        Ok(self.slice(part, L)?.try_into().expect("as long as was asked for"))
    }

    fn point(&mut self, part: PathPart) -> Result<(), WireError> {
        let encoding = self.array(part)?;
        self.points.push((part, encoding));
        Ok(())
    }

    /// The introduction node where it is a channel's; None where its node id follows.
    fn channel(&mut self) -> Result<Option<IntroductionNode>, WireError> {
        let part = PathPart::FirstNodeId;
        let end = match self.left.first() {
            None => return Err(WireError::PathTruncated { part }),
            Some(0) => ChannelEnd::NodeId1,
            Some(1) => ChannelEnd::NodeId2,
            Some(2 | 3) => return Ok(None),
            // How long this would be, nobody knows.
            Some(&prefix) => {
                return Err(WireError::PathPoint {
                    part,
                    source: CurveError::PointPrefix { prefix },
                });
            }
        };
        let [_, id @ ..]: [u8; 9] = self.array(part)?;
        Ok(Some(IntroductionNode::Channel { short_channel_id: u64::from_be_bytes(id), end }))
    }

    /// The data for a hop; its blinded id is among the points.
    fn hop(&mut self, hop: usize) -> Result<&'a [u8], WireError> {
        self.point(PathPart::BlindedNodeId { hop })?;
        let length = u16::from_be_bytes(self.array(PathPart::EncLen { hop })?);
        self.slice(PathPart::EncryptedRecipientData { hop }, usize::from(length))
    }

    fn decompressed(self) -> Result<Vec<Point>, WireError> {
        let (parts, encodings): (Vec<_>, Vec<_>) = self.points.into_iter().unzip();
        Point::from_bytes_each(&encodings)
            .map_err(|(index, source)| WireError::PathPoint { part: parts[index], source })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;

    fn point(byte: u8) -> Point {
        SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
    }

    fn hop(byte: u8, length: usize) -> BlindedHop {
        BlindedHop { blinded_node_id: point(byte), encrypted_recipient_data: vec![byte; length] }
    }

    fn channel() -> IntroductionNode {
        let short_channel_id = 1 << 40 | 2 << 16 | 3;
        IntroductionNode::Channel { short_channel_id, end: ChannelEnd::NodeId2 }
    }

    fn written(path: &BlindedPath<IntroductionNode>) -> Vec<u8> {
        let mut bytes = Vec::new();
        path.write(&mut bytes);
        bytes
    }

    #[test]
    fn both_kinds_of_introduction_nodes() {
        for (node, length, shown) in [
            (IntroductionNode::NodeId(point(1)), 33, point(1).to_string()),
            (channel(), 9, "1x2x3/1".to_string()),
        ] {
            let path = BlindedPath::from_parts(node, point(2), vec![hop(3, 4), hop(5, 0)]).unwrap();
            let bytes = written(&path);
            assert_eq!(bytes.len(), length + 33 + 1 + 35 + 4 + 35);
            assert_eq!(BlindedPath::read(&bytes), Ok((path.clone(), bytes.len())));
            let followed = [&bytes[..], &[9]].concat();
            assert_eq!(BlindedPath::read(&followed), Ok((path.clone(), bytes.len())));
            assert_eq!(node.to_string(), shown);
            assert_eq!(path.last_blinded_node_id(), &point(5));
        }
        assert_eq!(written_start(channel()), [1, 0, 0, 1, 0, 0, 2, 0, 3]);
    }

    fn written_start(node: IntroductionNode) -> Vec<u8> {
        let path = BlindedPath::from_parts(node, point(2), vec![hop(3, 0)]).unwrap();
        written(&path)[..9].to_vec()
    }

    #[test]
    fn a_channel_is_looked_up() {
        let path = BlindedPath::from_parts(channel(), point(2), vec![hop(3, 4)]).unwrap();
        let known = path.resolve(|id, end| {
            assert_eq!((id, end), (1 << 40 | 2 << 16 | 3, ChannelEnd::NodeId2));
            Some(point(7))
        });
        assert_eq!(known.unwrap().first_node_id(), &point(7));
        assert_eq!(path.resolve(|_, _| None), None);
        let by_id = BlindedPath::from_parts(point(7), point(2), vec![hop(3, 4)]).unwrap();
        let read = BlindedPath::<IntroductionNode>::from(by_id.clone());
        assert_eq!(read.resolve(|_, _| panic!("it is in the path")), Some(by_id));
    }

    #[test]
    fn each_fault_is_named_with_its_part() {
        let path = BlindedPath::from_parts(channel(), point(2), vec![hop(3, 4)]).unwrap();
        let bytes = written(&path);
        let ends = [
            (9, PathPart::FirstNodeId),
            (42, PathPart::FirstPathKey),
            (43, PathPart::NumHops),
            (76, PathPart::BlindedNodeId { hop: 0 }),
            (78, PathPart::EncLen { hop: 0 }),
            (82, PathPart::EncryptedRecipientData { hop: 0 }),
        ];
        for length in 0..bytes.len() {
            let part = ends.iter().find(|(end, _)| length < *end).unwrap().1;
            assert_eq!(
                BlindedPath::read(&bytes[..length]),
                Err(WireError::PathTruncated { part }),
                "{length}"
            );
        }
        let changed = |at: usize, byte| {
            let mut changed = bytes.clone();
            changed[at] = byte;
            BlindedPath::read(&changed).unwrap_err()
        };
        let prefix =
            |part| WireError::PathPoint { part, source: CurveError::PointPrefix { prefix: 4 } };
        assert_eq!(changed(0, 4), prefix(PathPart::FirstNodeId));
        assert_eq!(changed(9, 4), prefix(PathPart::FirstPathKey));
        assert_eq!(changed(43, 4), prefix(PathPart::BlindedNodeId { hop: 0 }));
        assert_eq!(changed(42, 0), WireError::PathHops { hops: 0 });
        let part = PathPart::BlindedNodeId { hop: 1 };
        assert_eq!(changed(42, 2), WireError::PathTruncated { part });
    }

    #[test]
    fn what_has_no_encoding_is_not_made() {
        let path = |hops| BlindedPath::from_parts(point(1), point(2), hops);
        assert_eq!(path(vec![]), Err(WireError::PathHops { hops: 0 }));
        assert_eq!(path(vec![hop(3, 0); 256]), Err(WireError::PathHops { hops: 256 }));
        let too_long = WireError::PathData { hop: 1, length: 65_536 };
        assert_eq!(path(vec![hop(3, 65_535), hop(3, 65_536)]), Err(too_long));
        let longest = path(vec![hop(3, 65_535); 255]).unwrap();
        let one = path(vec![hop(4, 0)]).unwrap();
        assert_eq!(longest.clone().join(one.clone()), Err(WireError::PathHops { hops: 256 }));
        assert_eq!(one.clone().join(one).unwrap().hops().len(), 2);
        let bytes = written(&longest.clone().into());
        assert_eq!(BlindedPath::read(&bytes), Ok((longest.into(), bytes.len())));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_would_be_written(
            at: prop::sample::Index,
            byte: u8,
            tail in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let path = BlindedPath::from_parts(channel(), point(2), vec![hop(3, 4), hop(5, 9)]);
            let mut bytes = written(&path.unwrap());
            bytes.extend(tail);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok((path, length)) = BlindedPath::read(&bytes) {
                prop_assert_eq!(written(&path), &bytes[..length]);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = BlindedPath::read(&bytes);
        }
    }
}
