//! One pass over a GeoJSON file: one thread splits it, two parse, and the caller gets the results in order.
//!
//! Every channel is short, so memory stays bounded whoever is slow. Batches go round robin, so no result overtakes.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::error::ReadError;
use super::geojson_check::words;
use super::geojson_scan::{Batch, Head, Layout, MAX_ELEMENT, ScanError, scan};
use crate::task::Task;
use crate::text::Text;

/// Threads that parse.
const WORKERS: usize = 2;
/// Batches that wait for each of them, and results behind each.
const QUEUE: usize = 4;

/// Turns a batch into something; fails where the text is malformed.
pub(super) type Work<'a, T> = dyn Fn(&Batch) -> Result<T, ScanError> + Sync + 'a;

/// Splits the file, works on all batches and folds the results in the order of the file.
pub(super) fn run<T: Send>(
    path: &Path,
    layout: Layout,
    task: &mut Task,
    what: &Text,
    work: &Work<'_, T>,
    fold: &mut dyn FnMut(T) -> Result<(), ReadError>,
) -> Result<Pass, ReadError> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    task.report(what, 0, Some(total))?;
    std::thread::scope(|scope| {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..WORKERS {
            let (input, batches) = sync_channel::<Batch>(QUEUE);
            let (output, results) = sync_channel(QUEUE);
            scope.spawn(move || work_off(&batches, &output, work));
            inputs.push(input);
            outputs.push(results);
        }
        let scanner = scope.spawn(move || split(file, layout, &inputs));
        let folded = fold_in_order(&outputs, task, what, total, fold);
        drop(outputs); // whoever still works finds nobody listening, and ends
        let head = match scanner.join() {
            Ok(head) => head,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        match (folded, head) {
            (Err(Failure::Read(error)), _) => Err(error),
            (Err(Failure::Scan(error)), _) | (Ok(()), Err(error)) => failed(path, error),
            (Ok(()), Ok(head)) => Ok(Pass::Whole(head)),
        }
    })
}

/// How a pass ended.
#[derive(Debug)]
pub(super) enum Pass {
    /// At the end of the file.
    Whole(Head),
    /// Early: the file is laid out like this.
    Wrong(Layout),
}

enum Failure {
    Read(ReadError),
    Scan(ScanError),
}

/// A batch's size and what became of it.
type Done<T> = (u64, Result<T, ScanError>);

fn split(file: File, layout: Layout, inputs: &[SyncSender<Batch>]) -> Result<Head, ScanError> {
    let mut next = inputs.iter().cycle();
    scan(file, layout, &mut |batch| match next.next().map(|input| input.send(batch)) {
        Some(Ok(())) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    })
}

fn work_off<T>(batches: &Receiver<Batch>, output: &SyncSender<Done<T>>, work: &Work<'_, T>) {
    for batch in batches {
        let end = batch.base + batch.text.len() as u64;
        if output.send((end, work(&batch))).is_err() {
            break;
        }
    }
}

fn fold_in_order<T>(
    outputs: &[Receiver<Done<T>>],
    task: &mut Task,
    what: &Text,
    total: u64,
    fold: &mut dyn FnMut(T) -> Result<(), ReadError>,
) -> Result<(), Failure> {
    for output in outputs.iter().cycle() {
        let Ok((end, result)) = output.recv() else { break };
        fold(result.map_err(Failure::Scan)?).map_err(Failure::Read)?;
        task.report(what, end, Some(total)).map_err(|error| Failure::Read(error.into()))?;
    }
    Ok(())
}

fn failed(path: &Path, error: ScanError) -> Result<Pass, ReadError> {
    Err(match error {
        ScanError::IsLines => return Ok(Pass::Wrong(Layout::Lines)),
        ScanError::IsRecords => return Ok(Pass::Wrong(Layout::Records)),
        ScanError::Io(error) => ReadError::Io(error),
        ScanError::Malformed { byte, what } => {
            ReadError::NotWellFormed { byte, line: line_of(path, byte)?, what: words(&what) }
        }
        ScanError::Encoding { byte, utf16 } => ReadError::Encoding { byte, line: line_of(path, byte)?, utf16 },
        ScanError::Truncated { bytes } => ReadError::Truncated { bytes },
        ScanError::TooLarge { byte } => ReadError::TooLarge { byte, limit_mb: MAX_ELEMENT as u64 >> 20 },
        ScanError::Empty => ReadError::Empty,
        ScanError::Stopped => ReadError::Stopped,
    })
}

/// The line on which a byte stands, from 1.
fn line_of(path: &Path, byte: u64) -> io::Result<u64> {
    let mut file = File::open(path)?.take(byte);
    let (mut block, mut lines) = (vec![0; 1 << 16], 1);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(lines),
            read => lines += memchr::memchr_iter(b'\n', &block[..read]).count() as u64,
        }
    }
}
