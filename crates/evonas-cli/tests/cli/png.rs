//! A PNG file, byte by byte.

/// A gray PNG file of `width` columns and as many rows as fit the pixels.
pub(crate) fn gray_png(width: u32, pixels: &[u8]) -> Vec<u8> {
    let rows = pixels.chunks(width as usize);
    let height = rows.len() as u32;
    // Each row begins with its filter: none.
    let data: Vec<u8> = rows.flat_map(|row| [&[0], row].concat()).collect();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in [
        (b"IHDR", header),
        (b"IDAT", stored(&data)),
        (b"IEND", Vec::new()),
    ] {
        let body = [kind.as_slice(), &content].concat();
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(crc32(&body).to_be_bytes());
    }
    file
}

/// Zlib data in one block without compression, of at most 65,535 bytes.
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    stream.extend(adler32(data).to_be_bytes());
    stream
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}

fn crc32(data: &[u8]) -> u32 {
    crc32_after(0, data)
}

/// The checksum of data that follows data with the checksum `before`.
pub(crate) fn crc32_after(before: u32, data: &[u8]) -> u32 {
    !data.iter().fold(!before, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}
