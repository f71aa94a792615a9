//! What the fuzzer has found worth keeping holds in every test run, on any compiler.
use std::{fs, path::Path};

#[test]
fn the_corpus_holds() {
    for (name, target) in floo_fuzz::TARGETS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut seen = 0;
        for entry in fs::read_dir(&directory).expect("a corpus for each target") {
            let path = entry.expect("a readable directory").path();
            let bytes = fs::read(&path).expect("a readable file");
            println!("{}", path.display()); // shown when the target panics
            target(&bytes);
            seen += 1;
        }
        assert!(seen > 0, "{name}: nothing in {}", directory.display());
    }
}
