//! Every form there is: the shipped ones and, over them, an operator's own.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::model::{Form, FormCode, FormFault, FormFaults, Origin};

/// The definitions that are part of the program.
const SHIPPED: [(&str, &str); 4] = [
    ("ct01.json", include_str!("definitions/ct01.json")),
    ("ct07-request.json", include_str!("definitions/ct07-request.json")),
    ("birth-registration.json", include_str!("definitions/birth-registration.json")),
    ("passport-tk01.json", include_str!("definitions/passport-tk01.json")),
];
/// A definition is some kilobytes.
const LONGEST: u64 = 256 * 1024;
/// Files of a folder that are read.
const MOST: usize = 500;

/// Where an operator's own definitions lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormsConfig {
    pub dir: Option<PathBuf>,
}

/// Forms by their code.
pub(super) type Catalogue = BTreeMap<FormCode, Arc<Form>>;

/// What a folder looked like when it was read: names, times, lengths.
pub(super) type Fingerprint = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// Reads one file.
///
/// # Errors
/// Every fault of it.
pub fn read_file(path: &Path) -> Result<Form, FormFaults> {
    let file = path.display().to_string();
    let fault = |reason: String| FormFaults {
        file: file.clone(),
        faults: vec![FormFault { pointer: String::new(), reason }],
    };
    let mut text = String::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match opened {
        Ok(length) if length as u64 > LONGEST => Err(fault(format!("is longer than {LONGEST} bytes"))),
        Ok(_) => Form::read(&file, &text, Origin::Operator),
        Err(error) => Err(fault(format!("cannot be read: {error}"))),
    }
}

/// What lies in the folder now.
///
/// # Errors
/// If it cannot be listed.
pub(super) fn fingerprint(folder: &Path) -> Result<Fingerprint, std::io::Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(10 * MOST) {
        let path = entry?.path();
        let is_definition = path.extension().is_some_and(|extension| extension == "json");
        // A file that is taken away meanwhile is none.
        if let (true, Ok(about)) = (is_definition, std::fs::metadata(&path))
            && about.is_file()
        {
            found.push((path, about.modified().ok(), about.len()));
        }
    }
    found.sort();
    found.truncate(MOST);
    Ok(found)
}

/// Every form: shipped ones, replaced by those of the folder with the same code.
///
/// # Errors
/// The faults of every faulty file.
pub(super) fn read_all(folder: Option<&Path>) -> Result<Catalogue, Vec<FormFaults>> {
    let mut faults = Vec::new();
    let mut forms = Catalogue::new();
    for (file, text) in SHIPPED {
        match Form::read(file, text, Origin::Shipped) {
            Ok(form) => drop(forms.insert(form.code.clone(), Arc::new(form))),
            Err(found) => faults.push(found),
        }
    }
    let files = match folder.map(fingerprint) {
        None => Vec::new(),
        Some(Ok(files)) => files,
        Some(Err(error)) => {
            let file = folder.unwrap_or(Path::new("")).display().to_string();
            let fault = FormFault { pointer: String::new(), reason: format!("the folder cannot be read: {error}") };
            faults.push(FormFaults { file, faults: vec![fault] });
            Vec::new()
        }
    };
    let mut own: BTreeMap<FormCode, PathBuf> = BTreeMap::new();
    for (path, ..) in files {
        let form = match read_file(&path) {
            Ok(form) => form,
            Err(found) => {
                faults.push(found);
                continue;
            }
        };
        if let Some(first) = own.get(&form.code) {
            let reason = format!("{} has this code, too", first.display());
            let fault = FormFault { pointer: "/code".to_owned(), reason };
            faults.push(FormFaults { file: path.display().to_string(), faults: vec![fault] });
            continue;
        }
        own.insert(form.code.clone(), path);
        forms.insert(form.code.clone(), Arc::new(form));
    }
    if faults.is_empty() { Ok(forms) } else { Err(faults) }
}
