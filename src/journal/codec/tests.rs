use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::curve::{Point, SecretScalar};
use crate::lock::Lock;

const HEIGHT: Field = Field::new(0, "height");
const NAMES: Field = Field::new(2, "names");

fn encoded(value: &impl Encode) -> Vec<u8> {
    let mut out = Bytes::default();
    value.encode(&mut out);
    out.into_inner().to_vec()
}

fn refused<T: Decode>(bytes: &[u8]) -> String {
    match decode_all::<T>(bytes) {
        Ok(_) => panic!("{bytes:02x?} is read"),
        Err(fault) => fault.into_string(),
    }
}

#[test]
fn a_value_has_one_encoding() {
    assert!(decode_all::<bool>(&[1]).is_ok_and(|value| value));
    assert_eq!(refused::<bool>(&[2]), "02 is none of the kinds");
    assert!(decode_all::<Option<u16>>(&[1, 0, 7]).is_ok_and(|value| value == Some(7)));
    assert_eq!(refused::<Option<u16>>(&[0, 0, 7]), "something stands behind it");
    assert!(decode_all::<Vec<u8>>(&[2, 8, 9]).is_ok_and(|value| value == [8, 9]));
    assert_eq!(refused::<Vec<u8>>(&[0xfd, 0, 2, 8, 9]), "BigSize of 2 is not minimal");
    let lock = Lock::Point(SecretScalar::from_bytes(&[1; 32]).unwrap().to_point());
    let mut bytes = encoded(&lock);
    assert!(decode_all::<Lock>(&bytes).is_ok_and(|read| read == lock));
    bytes[0] = 2;
    assert_eq!(refused::<Lock>(&bytes), "02 is none of the kinds");
}

/// A list says how long it is, and room is made for what is there.
#[test]
fn a_list_that_boasts_is_cut_off() {
    let list = encoded(&[7_u32, 8].as_slice());
    assert_eq!(list, [2, 0, 0, 0, 7, 0, 0, 0, 8]);
    assert!(decode_all::<Vec<u32>>(&list).is_ok_and(|read| read == [7, 8]));
    let boasting = [[0xff; 9].as_slice(), &list[1..]].concat();
    assert_eq!(refused::<Vec<u32>>(&boasting), "truncated");
    assert_eq!(refused::<Vec<u8>>(&boasting), "truncated");
}

#[test]
fn fields_are_named() {
    let bytes = record(9).set(HEIGHT, &7_u32).set(NAMES, &Vec::<u32>::new()).into_bytes();
    assert_eq!(*bytes, [1, 9, 0, 4, 0, 0, 0, 7, 2, 1, 0]);
    let (kind, mut fields) = read_record(&bytes).unwrap();
    assert_eq!((kind, fields.take::<u32>(HEIGHT)), (9, Ok(7)));
    let error = fields.take::<u16>(NAMES).unwrap_err();
    assert_eq!(error.to_string(), "names: truncated");
    assert!(fields.end().is_ok(), "it was asked for");
    let (_, fields) = read_record(&bytes).unwrap();
    assert_eq!(fields.end(), Err(RecordError::UnknownField { number: 0 }));
}

/// Secrets that move to where there is room are written once.
#[test]
fn bytes_grow() {
    let mut out = Bytes::default();
    let parts: Vec<Vec<u8>> =
        (0..100_u8).map(|byte| alloc::vec![byte; usize::from(byte)]).collect();
    parts.iter().for_each(|part| out.put(part));
    assert_eq!(*out.into_inner(), parts.concat());
}

/// With its y a point is found without a root, and the same one is found.
#[test]
fn the_y_of_a_point_may_stand_beside_it() {
    let point = SecretScalar::from_bytes(&[5; 32]).unwrap().to_point();
    let (lock, pair) = (Lock::Point(point), (point, point.negate()));
    let mut ys = Vec::new();
    let writer = FieldWriter::new().set_with_ys(HEIGHT, &lock, &mut ys);
    let written = writer.set_with_ys(NAMES, &pair, &mut ys).into_bytes();
    assert_eq!(ys.len(), 3 * 32);
    let read = |ys: Option<&[u8]>| {
        let mut fields = FieldReader::parse(&written)?;
        let mut ys = ys;
        let lock: Lock = fields.take_with_ys(HEIGHT, &mut ys)?;
        let pair: (Point, Point) = fields.take_with_ys(NAMES, &mut ys)?;
        Ok::<_, RecordError>((lock, pair, ys.map(<[u8]>::len)))
    };
    assert_eq!(read(None).unwrap(), (lock, pair, None));
    assert_eq!(read(Some(&ys)).unwrap(), (lock, pair, Some(0)));
    let more = [&ys[..], &[0; 32]].concat();
    assert_eq!(read(Some(&more)).unwrap(), (lock, pair, Some(32)));
    // The opposite point's, none, and what belongs to no point.
    for wrong in [[&ys[64..], &ys[32..]].concat(), ys[..64].to_vec(), vec![7; 96]] {
        assert!(matches!(read(Some(&wrong)), Err(RecordError::Field { .. })), "{wrong:02x?}");
    }
}
