//! The bytes of uploaded files: one file each, in a folder beside the database, or in a temporary
//! one when there is none.
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::{fs::File, io::AsyncWriteExt};

use crate::Data;

/// How the name of a file ends that has not come completely yet.
const PARTIAL: &str = "part";

/// The folder.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    /// Goes with the process.
    temporary: bool,
    count: AtomicU64,
}

impl Files {
    /// Nothing is created before the first upload.
    pub(crate) fn new(data: &Data) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (folder, temporary) = match data {
            Data::File(path) => (path.with_extension("files"), false),
            Data::Memory => {
                let n = COUNT.fetch_add(1, Ordering::Relaxed);
                (std::env::temp_dir().join(format!("floo-emulator-{}-{n}.files", std::process::id())), true)
            }
        };
        Self { folder, temporary, count: AtomicU64::new(0) }
    }

    /// Removes what uploads left behind that a killed process could not finish.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn tidy(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == PARTIAL) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Where an object's bytes are. `object` is a name from the database, never one from a client.
    pub(crate) fn path(&self, object: &str) -> PathBuf {
        self.folder.join(object)
    }

    /// Removes an object's bytes.
    pub(crate) fn remove(&self, object: &str) {
        discard(&self.path(object));
    }

    /// A file to receive into.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) async fn receive(&self) -> io::Result<Incoming> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{n}.{PARTIAL}"));
        Ok(Incoming { file: File::create(&path).await?, path, size: 0, kept: false })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if self.temporary
            && let Err(e) = fs::remove_dir_all(&self.folder)
            && e.kind() != io::ErrorKind::NotFound
        {
            eprintln!("floo-emulator: {}: {e}", self.folder.display());
        }
    }
}

/// Bytes that are arriving. Dropped before they are all there, they vanish.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: File,
    path: PathBuf,
    size: u64,
    kept: bool,
}

impl Incoming {
    /// How much has come.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Waits until everything taken has been written.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.file.flush().await
    }

    /// Makes them the object's bytes, in place of older ones; flushed before.
    ///
    /// # Errors
    /// They cannot be moved.
    pub(crate) fn keep_as(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            discard(&self.path);
        }
    }
}

fn discard(path: &Path) {
    if let Err(e) = fs::remove_file(path)
        && e.kind() != io::ErrorKind::NotFound
    {
        eprintln!("floo-emulator: {}: {e}", path.display());
    }
}
