//! CRC-32/IEEE, the checksum of a frame's payload (xsync 8.2).

/// Four bits at a time: 64 bytes of table. The usual crate is several times as fast, with 8 to 16 KiB
/// of tables that every page would load for a field that servers rarely set.
#[allow(clippy::indexing_slicing, reason = "checked when it is compiled")]
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut at = 0;
    while at < 16 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = (crc >> 1) ^ ((crc & 1) * 0xedb8_8320);
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

/// The checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, low: u32| (crc >> 4) ^ TABLE.get((low & 15) as usize).copied().unwrap_or_default();
    !bytes.iter().fold(!0, |crc, byte| {
        let crc = crc ^ u32::from(*byte);
        let crc = step(crc, crc);
        step(crc, crc)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_values() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(super::crc32(b""), 0);
        assert_eq!(super::crc32(&[0; 4]), 0x2144_df1c);
    }
}
