//! Any bytes as a file of any format: the first byte says which.

#![no_main]

use std::fs;
use std::ops::ControlFlow;

use citygrid::io::format::{self, FORMATS, ReadOptions};
use citygrid::task::Task;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let readable: Vec<_> = FORMATS.iter().filter(|format| format.read.is_some()).collect();
    let Some((first, rest)) = bytes.split_first() else { return };
    let format = readable[usize::from(*first) % readable.len()];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a").with_extension(format.endings[0]);
    if format.id == "shapefile" {
        // Two files that belong together: the length of the first, the first, the second.
        let Some((len, rest)) = rest.split_first_chunk() else { return };
        let (shapes, table) = rest.split_at(usize::from(u16::from_le_bytes(*len)).min(rest.len()));
        fs::write(&path, shapes).expect("written");
        fs::write(path.with_extension("dbf"), table).expect("written");
    } else {
        fs::write(&path, rest).expect("written");
    }
    let task = &mut Task::silent();
    let Some(survey) = format.survey else { return };
    let Ok(survey) = survey(&path, &ReadOptions::default(), task) else { return };
    let _ = format::read(&path, &survey, task, &mut |layer, _, feature| {
        assert_eq!(feature.values.len(), survey.layers[layer].fields.len());
        ControlFlow::Continue(())
    });
});
