use pointlock::curve::{Point, PublicScalar, SecretScalar};

/// Input: the encoding of a point, or of a scalar, or a point as text.
pub fn point(data: &[u8]) -> bool {
    if let Ok(bytes) = data.try_into() {
        scalar(bytes);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(point) = text.parse::<Point>() {
            assert_eq!(point.to_string(), text.to_ascii_lowercase());
            return true;
        }
    }
    let Ok(point) = Point::from_slice(data) else { return false };
    assert_eq!(point.to_bytes(), data);
    assert_eq!(point.is_odd(), data[0] == 3);
    assert_eq!(point.x_only().serialize(), data[1..]);
    assert_eq!(point.negate().negate(), point);
    assert!(point.add(&point.negate()).is_err(), "infinity is no point");
    true
}

fn scalar(bytes: &[u8; 32]) {
    let reduced = PublicScalar::from_hash(bytes);
    match PublicScalar::from_bytes(bytes) {
        Ok(scalar) => assert_eq!((scalar, scalar.to_bytes()), (reduced, *bytes)),
        Err(_) => assert_ne!(reduced.to_bytes(), *bytes),
    }
    assert_eq!(PublicScalar::from_bytes(&reduced.to_bytes()), Ok(reduced));
    match SecretScalar::from_bytes(bytes) {
        Ok(secret) => {
            assert_eq!(*secret.dangerous_to_bytes(), *bytes);
            assert_eq!(secret.dangerous_reveal(), reduced);
            assert_eq!(reduced.to_point(), Ok(secret.to_point()));
        }
        Err(_) => assert!(reduced.is_zero() || reduced.to_bytes() != *bytes),
    }
}
