use pointlock::wire::{
    BlindedPath, TlvStream, TlvWriter, read_bigsize, read_tu32, read_tu64, tu64, write_bigsize,
};

/// Input: a TLV stream.
pub fn tlv_stream(data: &[u8]) -> bool {
    integers(data);
    let Ok(stream) = TlvStream::parse(data) else { return false };
    let (mut writer, mut offset) = (TlvWriter::new(), 0);
    for record in stream.records() {
        assert_eq!(record.offset(), offset);
        offset += record.bytes().len();
        assert!(record.bytes().starts_with(record.type_bytes()));
        assert!(record.bytes().ends_with(record.value()));
        assert_eq!(stream.get(record.tlv_type()), Some(record));
        integers(record.value());
        writer.set(record.tlv_type(), record.value());
    }
    assert_eq!(writer.to_bytes(), data);
    true
}

/// Input: a blinded path, and what follows it.
pub fn blinded_path(data: &[u8]) -> bool {
    let Ok((path, length)) = BlindedPath::read(data) else { return false };
    let mut written = Vec::new();
    path.write(&mut written);
    assert_eq!(written, data[..length]);
    assert!((1..=BlindedPath::<()>::MAX_HOPS).contains(&path.hops().len()));
    let node = *path.introduction_node();
    let same = BlindedPath::from_parts(node, *path.first_path_key(), path.hops().to_vec());
    assert_eq!(same.as_ref(), Ok(&path));
    let twice = path.clone().join(path.clone());
    assert_eq!(twice.is_ok(), path.hops().len() <= BlindedPath::<()>::MAX_HOPS / 2);
    true
}

fn integers(data: &[u8]) {
    if let Ok((value, length)) = read_bigsize(data) {
        let mut written = Vec::new();
        write_bigsize(&mut written, value);
        assert_eq!(written, data[..length]);
    }
    let long = read_tu64(data);
    if let Ok(value) = long {
        assert_eq!(tu64(value), data);
    }
    let short = long.ok().and_then(|value| u32::try_from(value).ok());
    assert_eq!(read_tu32(data).ok(), short);
}
