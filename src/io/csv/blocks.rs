//! A text file in blocks of whole rows: one thread cuts, two work, and the caller gets the results in order.
//!
//! Every channel is short, so memory stays bounded whoever is slow. Blocks go round robin, so no result overtakes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::dialect::Dialect;
use crate::io::error::ReadError;
use crate::task::Task;
use crate::text::Text;

/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// A quote that is not closed within so many bytes is no quote.
const MAX_QUOTED: usize = 8 << 20;
/// The longest row.
const MAX_ROW: usize = 64 << 20;
/// Threads that work.
const WORKERS: usize = 2;
/// Blocks that wait for each of them, and results behind each.
const QUEUE: usize = 4;

/// Some whole rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    pub text: &'a str,
    /// Whether some bytes spell nothing; they have become `�`.
    pub is_broken: bool,
    /// Whether they are the first of the file.
    pub are_first: bool,
}

/// What is made of some rows.
pub(super) type Work<'a, T> = dyn Fn(Rows<'_>) -> T + Sync + 'a;

/// Works on all blocks and folds the results in the order of the file.
pub(super) fn run<T: Send>(
    path: &Path,
    dialect: &Dialect,
    task: &mut Task,
    what: &Text,
    work: &Work<'_, T>,
    fold: &mut dyn FnMut(T) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    task.report(what, 0, Some(total))?;
    let mut cutter = Cutter::new(file, dialect)?;
    std::thread::scope(|scope| {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..WORKERS {
            let (input, blocks) = sync_channel::<Block>(QUEUE);
            let (output, results) = sync_channel(QUEUE);
            scope.spawn(move || work_off(&blocks, &output, dialect, work));
            inputs.push(input);
            outputs.push(results);
        }
        let cutting = scope.spawn(move || cut(&mut cutter, &inputs));
        let folded = fold_in_order(&outputs, task, what, total, fold);
        drop(outputs); // whoever still works finds nobody listening, and ends
        let cut = match cutting.join() {
            Ok(cut) => cut,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        folded.and(cut)
    })
}

/// Whole rows, and how many bytes of the file have been read with them.
struct Block {
    bytes: Vec<u8>,
    end: u64,
    is_first: bool,
}

fn cut(cutter: &mut Cutter, inputs: &[SyncSender<Block>]) -> Result<(), ReadError> {
    for (place, input) in inputs.iter().cycle().enumerate() {
        let Some(bytes) = cutter.next()? else { break };
        if input.send(Block { bytes, end: cutter.read, is_first: place == 0 }).is_err() {
            break;
        }
    }
    Ok(())
}

fn work_off<T>(blocks: &Receiver<Block>, output: &SyncSender<(u64, T)>, dialect: &Dialect, work: &Work<'_, T>) {
    for block in blocks {
        let (text, is_broken) = dialect.decode(&block.bytes);
        let rows = Rows { text: &text, is_broken, are_first: block.is_first };
        if output.send((block.end, work(rows))).is_err() {
            break;
        }
    }
}

fn fold_in_order<T>(
    outputs: &[Receiver<(u64, T)>],
    task: &mut Task,
    what: &Text,
    total: u64,
    fold: &mut dyn FnMut(T) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    for output in outputs.iter().cycle() {
        let Ok((end, result)) = output.recv() else { break };
        fold(result)?;
        task.report(what, end, Some(total))?;
    }
    Ok(())
}

/// Cuts a file between rows.
struct Cutter {
    file: File,
    dialect: Dialect,
    /// Turns UTF-16 into UTF-8, in which the other marks can be found.
    decoder: Option<encoding_rs::Decoder>,
    pending: Vec<u8>,
    raw: Vec<u8>,
    read: u64,
    is_at_end: bool,
}

impl Cutter {
    fn new(mut file: File, dialect: &Dialect) -> io::Result<Self> {
        file.seek(SeekFrom::Start(dialect.start))?;
        let decoder = dialect.utf16().map(encoding_rs::Encoding::new_decoder_without_bom_handling);
        Ok(Self {
            file,
            dialect: dialect.clone(),
            decoder,
            pending: Vec::new(),
            raw: Vec::new(),
            read: dialect.start,
            is_at_end: false,
        })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let mut wanted = BLOCK;
        loop {
            self.fill(wanted)?;
            if self.is_at_end {
                let rest = std::mem::take(&mut self.pending);
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            if let Some(end) = self.dialect.marks.last_end(&self.pending, self.pending.len() >= MAX_QUOTED) {
                let rest = self.pending.split_off(end);
                return Ok(Some(std::mem::replace(&mut self.pending, rest)));
            }
            if self.pending.len() >= MAX_ROW {
                let byte = self.read.saturating_sub(self.pending.len() as u64);
                return Err(ReadError::TooLarge { byte, limit_mb: MAX_ROW as u64 >> 20 });
            }
            wanted = self.pending.len() * 2;
        }
    }

    fn fill(&mut self, wanted: usize) -> Result<(), ReadError> {
        while self.pending.len() < wanted && !self.is_at_end {
            let room = (wanted - self.pending.len()).max(1 << 12) as u64;
            let Some(decoder) = &mut self.decoder else {
                let read = (&mut self.file).take(room).read_to_end(&mut self.pending)?;
                self.read += read as u64;
                self.is_at_end = read == 0;
                continue;
            };
            self.raw.clear();
            let read = (&mut self.file).take(room).read_to_end(&mut self.raw)?;
            self.read += read as u64;
            self.is_at_end = read == 0;
            let mut words = String::with_capacity(decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(0));
            let _ = decoder.decode_to_string(&self.raw, &mut words, self.is_at_end);
            self.pending.extend_from_slice(words.as_bytes());
        }
        Ok(())
    }
}
