//! Lower case, one character for one: what `char::to_lowercase` knows, in a fifth of its 12 KB. The index of
//! messages is kept, so that this must not change with the compiler either.

/// Runs of upper-case letters: the first one; how many follow it, times two, plus one when only every second
/// character is one; and how far the lower-case letter is from each.
#[rustfmt::skip]
const RUNS: [(u32, u32, i32); 185] = [
    (0xc0, 44, 32), (0xd8, 12, 32), (0x100, 47, 1), (0x130, 0, -199), (0x132, 5, 1), (0x139, 15, 1),
    (0x14a, 45, 1), (0x178, 0, -121), (0x179, 5, 1), (0x181, 0, 210), (0x182, 3, 1), (0x186, 0, 206),
    (0x187, 0, 1), (0x189, 2, 205), (0x18b, 0, 1), (0x18e, 0, 79), (0x18f, 0, 202), (0x190, 0, 203),
    (0x191, 0, 1), (0x193, 0, 205), (0x194, 0, 207), (0x196, 0, 211), (0x197, 0, 209), (0x198, 0, 1),
    (0x19c, 0, 211), (0x19d, 0, 213), (0x19f, 0, 214), (0x1a0, 5, 1), (0x1a6, 0, 218), (0x1a7, 0, 1),
    (0x1a9, 0, 218), (0x1ac, 0, 1), (0x1ae, 0, 218), (0x1af, 0, 1), (0x1b1, 2, 217), (0x1b3, 3, 1),
    (0x1b7, 0, 219), (0x1b8, 0, 1), (0x1bc, 0, 1), (0x1c4, 0, 2), (0x1c5, 0, 1), (0x1c7, 0, 2), (0x1c8, 0, 1),
    (0x1ca, 0, 2), (0x1cb, 17, 1), (0x1de, 17, 1), (0x1f1, 0, 2), (0x1f2, 3, 1), (0x1f6, 0, -97), (0x1f7, 0, -56),
    (0x1f8, 39, 1), (0x220, 0, -130), (0x222, 17, 1), (0x23a, 0, 10795), (0x23b, 0, 1), (0x23d, 0, -163),
    (0x23e, 0, 10792), (0x241, 0, 1), (0x243, 0, -195), (0x244, 0, 69), (0x245, 0, 71), (0x246, 9, 1),
    (0x370, 3, 1), (0x376, 0, 1), (0x37f, 0, 116), (0x386, 0, 38), (0x388, 4, 37), (0x38c, 0, 64), (0x38e, 2, 63),
    (0x391, 32, 32), (0x3a3, 16, 32), (0x3cf, 0, 8), (0x3d8, 23, 1), (0x3f4, 0, -60), (0x3f7, 0, 1),
    (0x3f9, 0, -7), (0x3fa, 0, 1), (0x3fd, 4, -130), (0x400, 30, 80), (0x410, 62, 32), (0x460, 33, 1),
    (0x48a, 53, 1), (0x4c0, 0, 15), (0x4c1, 13, 1), (0x4d0, 95, 1), (0x531, 74, 48), (0x10a0, 74, 7264),
    (0x10c7, 0, 7264), (0x10cd, 0, 7264), (0x13a0, 158, 38864), (0x13f0, 10, 8), (0x1c89, 0, 1),
    (0x1c90, 84, -3008), (0x1cbd, 4, -3008), (0x1e00, 149, 1), (0x1e9e, 0, -7615), (0x1ea0, 95, 1),
    (0x1f08, 14, -8), (0x1f18, 10, -8), (0x1f28, 14, -8), (0x1f38, 14, -8), (0x1f48, 10, -8), (0x1f59, 7, -8),
    (0x1f68, 14, -8), (0x1f88, 14, -8), (0x1f98, 14, -8), (0x1fa8, 14, -8), (0x1fb8, 2, -8), (0x1fba, 2, -74),
    (0x1fbc, 0, -9), (0x1fc8, 6, -86), (0x1fcc, 0, -9), (0x1fd8, 2, -8), (0x1fda, 2, -100), (0x1fe8, 2, -8),
    (0x1fea, 2, -112), (0x1fec, 0, -7), (0x1ff8, 2, -128), (0x1ffa, 2, -126), (0x1ffc, 0, -9), (0x2126, 0, -7517),
    (0x212a, 0, -8383), (0x212b, 0, -8262), (0x2132, 0, 28), (0x2160, 30, 16), (0x2183, 0, 1), (0x24b6, 50, 26),
    (0x2c00, 94, 48), (0x2c60, 0, 1), (0x2c62, 0, -10743), (0x2c63, 0, -3814), (0x2c64, 0, -10727),
    (0x2c67, 5, 1), (0x2c6d, 0, -10780), (0x2c6e, 0, -10749), (0x2c6f, 0, -10783), (0x2c70, 0, -10782),
    (0x2c72, 0, 1), (0x2c75, 0, 1), (0x2c7e, 2, -10815), (0x2c80, 99, 1), (0x2ceb, 3, 1), (0x2cf2, 0, 1),
    (0xa640, 45, 1), (0xa680, 27, 1), (0xa722, 13, 1), (0xa732, 61, 1), (0xa779, 3, 1), (0xa77d, 0, -35332),
    (0xa77e, 9, 1), (0xa78b, 0, 1), (0xa78d, 0, -42280), (0xa790, 3, 1), (0xa796, 19, 1), (0xa7aa, 0, -42308),
    (0xa7ab, 0, -42319), (0xa7ac, 0, -42315), (0xa7ad, 0, -42305), (0xa7ae, 0, -42308), (0xa7b0, 0, -42258),
    (0xa7b1, 0, -42282), (0xa7b2, 0, -42261), (0xa7b3, 0, 928), (0xa7b4, 15, 1), (0xa7c4, 0, -48),
    (0xa7c5, 0, -42307), (0xa7c6, 0, -35384), (0xa7c7, 3, 1), (0xa7cb, 0, -42343), (0xa7cc, 15, 1),
    (0xa7dc, 0, -42561), (0xa7f5, 0, 1), (0xff21, 50, 32), (0x10400, 78, 40), (0x104b0, 70, 40),
    (0x10570, 20, 39), (0x1057c, 28, 39), (0x1058c, 12, 39), (0x10594, 2, 39), (0x10c80, 100, 64),
    (0x10d50, 42, 32), (0x118a0, 62, 32), (0x16e40, 62, 32), (0x16ea0, 48, 27), (0x1e900, 66, 34),
];

/// The lower-case letter of a character; itself where there is none.
pub(super) fn lower(c: char) -> char {
    let code = u32::from(c);
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let run = RUNS.partition_point(|(first, ..)| *first <= code).checked_sub(1).and_then(|at| RUNS.get(at));
    let Some((first, follow, distance)) = run else { return c };
    let (offset, step) = (code - first, 1 + (follow & 1));
    let inside = offset <= (follow >> 1) * step && offset.is_multiple_of(step);
    let lower = inside.then(|| code.checked_add_signed(*distance)).flatten();
    lower.and_then(char::from_u32).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            let expected: Vec<_> = c.to_lowercase().take(1).collect();
            assert_eq!(vec![lower(c)], expected, "{:x}", u32::from(c));
        }
        let longer: Vec<_> = ('\0'..=char::MAX).filter(|c| c.to_lowercase().count() > 1).collect();
        assert_eq!(longer, ['\u{130}']);
    }
}
