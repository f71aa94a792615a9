//! Generates what is written down once elsewhere: the wire types from `xsync.proto`
//! and the `ErrorCode` enum from `error_codes.json`.
use std::{env, error::Error, fmt::Write as _, fs, path::Path};

const PROTO: &str = "src/core/proto/xsync.proto";
const CODES: &str = "src/core/model/error_codes.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    println!("cargo:rerun-if-changed={CODES}");
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    prost_build::Config::new()
        .bytes(["."])
        .compile_fds(protox::compile([PROTO], ["src/core/proto"])?)?;
    fs::write(Path::new(&out).join("error_codes.rs"), error_codes()?)?;
    Ok(())
}

fn error_codes() -> Result<String, Box<dyn Error>> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(&fs::read_to_string(CODES)?)?;
    let (mut variants, mut names, mut texts, mut https, mut all) = Default::default();
    for row in &rows {
        let (name, number, text) = (
            row["name"].as_str().ok_or("name")?,
            row["number"].as_u64().ok_or("number")?,
            row["text"].as_str().ok_or("text")?,
        );
        let (v, n, t, h, a): (&mut String, &mut String, &mut String, &mut String, &mut String) =
            (&mut variants, &mut names, &mut texts, &mut https, &mut all);
        writeln!(v, "    /// {text}\n    {name} = {number},")?;
        writeln!(n, "            Self::{name} => {name:?},")?;
        writeln!(t, "            Self::{name} => {text:?},")?;
        writeln!(a, "        Self::{name},")?;
        for code in row["http"].as_array().into_iter().flatten() {
            writeln!(h, "            {code} => Self::{name},")?;
        }
    }
    Ok(format!(
        "/// Every error the SDK can report, with the number that all Lanying SDKs give it.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(u16)]\npub enum ErrorCode {{\n{variants}}}\n\n\
         impl ErrorCode {{\n    /// All codes, by number.\n    pub const ALL: &'static [Self] = &[\n{all}    ];\n\n\
             /// The name, as JavaScript sees it in `error.code`.\n    pub const fn name(self) -> &'static str {{\n        match self {{\n{names}        }}\n    }}\n\n\
             /// What it means, in English.\n    pub const fn text(self) -> &'static str {{\n        match self {{\n{texts}        }}\n    }}\n\n\
             /// The code for the `code` of an HTTP answer; `ServerUnknownError` for one that has no equivalent.\n    pub const fn from_http(code: u64) -> Self {{\n        match code {{\n{https}            _ => Self::ServerUnknownError,\n        }}\n    }}\n}}\n"
    ))
}
