//! wasm-bindgen as a build tool whose version Cargo.lock pins: `bindgen <input.wasm> <out dir> <out name>`.
//!
//! Writes `<name>.js`, `<name>_bg.js`, `<name>_bg.wasm`, `<name>.d.ts` and `<name>_bg.wasm.d.ts`
//! (target `bundler`). Whether externref and multi-value are used is read from the module's
//! `target_features` section.

use std::path::PathBuf;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: bindgen <input.wasm> <out dir> <out name>";

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, out_dir, name] = args.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let Some(name) = name.to_str().filter(|name| is_file_stem(name)) else {
        eprintln!("bindgen: the out name must be letters, digits and '_'\n{USAGE}");
        return ExitCode::from(2);
    };
    let out_dir = PathBuf::from(out_dir);
    let result = Bindgen::new()
        .input_path(input)
        .bundler(true)
        .and_then(|bindgen| bindgen.out_name(name).typescript(true).remove_producers_section(true).generate(&out_dir));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {}: {error:#}", input.display());
            ExitCode::FAILURE
        }
    }
}

fn is_file_stem(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
