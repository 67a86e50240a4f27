//! What happens when a thread has news: the only place where the session's state follows other threads.

use crate::model::style::Crowd;
use crate::task::Problems;
use crate::text;
use crate::text::Text;

use super::answer::{Answer, Failure, FailureKind};
use super::command::JobId;
use super::events::Event;
use super::open_city::OpenCity;
use super::snapshot::{Repaint, Snapshot, Touched};
use super::state::NoticeLevel;
use super::{LookAt, Session};

impl Session {
    /// Takes in one piece of news.
    pub(super) fn arrive(&mut self, event: Event) {
        match event {
            Event::Report(job, report) => self.jobs.report(job, report),
            Event::Finished(job, end) => self.arrive_end(job, end),
            Event::Opened(opened) => self.arrive_city(opened.city),
            Event::Snapshot(opening, snapshot) => self.arrive_snapshot(opening, snapshot),
            Event::Map(opening, piece) if self.open.as_ref().is_some_and(|open| open.opening == opening) => {
                self.pieces.push(piece);
            }
            // Of a city that was closed meanwhile.
            Event::Map(..) => {}
            Event::Details { request, row } => self.look.arrive(request, row),
            Event::Found(request, found) if request == self.lists.found_request => self.lists.found = found,
            Event::Found(..) => {}
            Event::Selected(picked) => self.select_picked(picked),
            Event::SelectedBox(picked, mode) => self.select_box_picked(picked, mode),
            Event::TableIds(request, ids) => {
                self.lists.table.arrive_ids(request, ids);
                self.show_table_ids();
            }
            Event::TableRows(request, start, rows) => self.lists.table.arrive_rows(request, start, rows),
            Event::Notes(notes) => self.lists.notes = notes,
            Event::History(steps) => self.lists.history = steps,
            Event::Preview(preview) => self.lists.preview = Some(*preview),
            Event::Compared(opening, comparison) if self.open.as_ref().is_some_and(|open| open.opening == opening) => {
                self.lists.comparison = Some(*comparison);
            }
            // Of a city that was closed meanwhile.
            Event::Compared(..) => {}
            Event::ExportCount(request, count) => self.lists.export_count.arrive(request, count),
            Event::FieldSurvey(request, survey) => self.lists.styling.arrive(request, survey),
            Event::Sewer(job, answer) => self.arrive_sewer(job, *answer),
            Event::Sheet(number, end) => self.preview.arrive(number, end),
            Event::Photo(id, pixels) => self.lists.photos.arrive(id, pixels),
            Event::NotePhoto(path, read) => self.lists.notebook.arrive_photo(path, read),
            Event::Trouble(failure) => self.notify(NoticeLevel::Error, failure.text, failure.problems),
        }
    }

    fn arrive_end(&mut self, job: JobId, end: Result<Answer, Failure>) {
        self.jobs.end(job);
        self.settle_comparison(job, end.is_ok());
        if let Err(failure) = &end {
            self.break_off_sewer(job, failure);
        }
        let deed = self.deeds.remove(&job);
        if let Some(open) = &mut self.open {
            open.view.pending = open.view.pending.saturating_sub(1);
        }
        if self.awaited == Some(job) {
            self.finished.insert(job, end);
            return;
        }
        if let (Some(deed), Ok(_)) = (deed, &end) {
            self.forgive(deed);
        }
        let Some(end) = self.lists.notebook.arrive_end(job, end) else { return };
        let words = self.lists.history_words.take_if(|(awaited, _)| *awaited == job).map(|(_, words)| words);
        match end {
            Ok(answer) => {
                // What the sewer workbench writes is seen nowhere at once: its step says what it was.
                if let (Some(super::deed::Deed::Sewer), Answer::Step { label, .. }) = (deed, &answer) {
                    self.notify(NoticeLevel::Ok, label.clone(), Vec::new());
                }
                self.tell(answer);
                if let Some(words) = words {
                    self.notify(NoticeLevel::Ok, words, Vec::new());
                }
            }
            Err(failure) if failure.kind == FailureKind::Cancelled => {
                self.notify(NoticeLevel::Info, failure.text, Vec::new());
            }
            Err(failure) => self.complain(failure, deed),
        }
    }

    /// Says what came of a command nobody waited for. Edits are shown as saved, which is enough.
    fn tell(&mut self, answer: Answer) {
        match answer {
            Answer::Imported { layers, problems, rejects, .. } => {
                self.tell_import(&layers, problems);
                self.tell_rejects(&rejects);
            }
            Answer::Exported { file, features, problems, .. } => {
                let (file, count) = (file.display(), problems.count());
                let (level, text) = if count == 0 {
                    let text = text!("已导出 {features} 个要素：{file}", "{features} features exported: {file}");
                    (NoticeLevel::Ok, text)
                } else {
                    let text = text!(
                        "已导出 {features} 个要素，另有 {count} 个问题：{file}",
                        "{features} features exported, {count} problems: {file}"
                    );
                    (NoticeLevel::Warning, text)
                };
                self.notify(level, text, problems.listed);
            }
            Answer::NothingToUndo => {
                self.notify(
                    NoticeLevel::Info,
                    Text::new("没有可撤销或重做的操作", "Nothing to undo or redo"),
                    Vec::new(),
                );
            }
            Answer::Told(text) => self.notify(NoticeLevel::Ok, text, Vec::new()),
            Answer::Done | Answer::Demo { .. } | Answer::Changed { .. } | Answer::Step { .. } => {}
        }
    }

    fn tell_import(&mut self, layers: &[super::answer::ImportedLayer], problems: Problems) {
        let features: u64 = layers.iter().map(|layer| layer.features).sum();
        let count = problems.count();
        let (level, text) = if count == 0 {
            (NoticeLevel::Ok, text!("已导入 {features} 个要素", "{features} features imported"))
        } else {
            let text = text!(
                "已导入 {features} 个要素，另有 {count} 个问题",
                "{features} features imported, {count} problems"
            );
            (NoticeLevel::Warning, text)
        };
        self.lists.problems.clone_from(&problems.listed);
        self.notify(level, text, problems.listed);
        if let Some(bounds) = layers.iter().find_map(|layer| self.city()?.layer(&layer.name)?.bounds_world) {
            self.lists.look_at = Some(LookAt::Bounds(bounds));
        }
    }

    fn tell_rejects(&mut self, rejects: &[(std::path::PathBuf, u64)]) {
        for (path, count) in rejects {
            let path = path.display();
            let text =
                text!("{count} 个未导入的要素已存到 {path}", "{count} features that stayed out are kept in {path}");
            self.notify(NoticeLevel::Info, text, Vec::new());
        }
    }

    fn arrive_city(&mut self, city: crate::store::city::City) {
        self.close_city();
        self.openings += 1;
        let path = city.path().to_owned();
        let map = self.painter.as_ref().map(|painter| (self.settings_folder.as_path(), painter.courtesy()));
        match OpenCity::start(self.openings, city, map, &self.post) {
            Ok(open) => {
                if let Some(reason) = &open.view.read_only {
                    self.notify(NoticeLevel::Warning, reason.clone(), Vec::new());
                }
                self.open = Some(open);
                self.recall_notes(&path);
                self.settings.remember(&path);
                self.save_settings();
            }
            Err(error) => self.notify(NoticeLevel::Error, Failure::from(error).text, Vec::new()),
        }
    }

    fn arrive_snapshot(&mut self, opening: u64, snapshot: Snapshot) {
        let Some(open) = self.open.as_mut().filter(|open| open.opening == opening) else { return };
        let view = &mut open.view;
        let first = view.revision == 0;
        view.layers = snapshot.layers;
        self.lists.styling.dress(&mut view.layers);
        let is_relaid = view.grounds != snapshot.grounds;
        view.grounds = snapshot.grounds;
        view.undo = snapshot.undo;
        view.redo = snapshot.redo;
        view.bookmarks = snapshot.bookmarks;
        view.is_sample = snapshot.is_sample;
        match snapshot.repaint {
            _ if is_relaid => view.change(None),
            Repaint::Nothing if !first => {}
            Repaint::Unread if !first => view.load(),
            // Where points are shown together, one of them changes the looks of others far away.
            Repaint::Part(touched) if !first && view.layers.iter().all(|layer| layer.style.crowd == Crowd::Each) => {
                view.change(Some(touched));
            }
            _ => view.change(None),
        }
        let touched = snapshot.commit.map(|commit| {
            view.saved_at = Some(commit.saved_at);
            commit.touched
        });
        let touched = if first { Some(Touched::EVERYTHING) } else { touched };
        if first && let Some(bounds) = view.home_world() {
            self.lists.look_at = Some(LookAt::Bounds(bounds));
        }
        if let Some(touched) = touched {
            self.refresh_lists(&touched);
        }
    }

    /// After a commit, or when a city has opened: what is on screen is read again, and nothing else.
    fn refresh_lists(&mut self, touched: &Touched) {
        self.forget_missing_layers();
        self.refresh_details();
        let is_touched = |table: &str| touched.has(table);
        if self.lists.table.view.as_ref().is_some_and(|view| is_touched(&view.layer)) {
            self.refresh_table();
        }
        self.refresh_sewer(touched);
        if self.has_map {
            self.refresh_notes();
            self.refresh_history();
        }
    }

    fn forget_missing_layers(&mut self) {
        let Some(open) = &self.open else { return };
        let known = |table: &str| open.view.layer(table).is_some();
        let before = self.selection.rows.len();
        self.selection.rows.retain(|table, _| known(table));
        self.selection.revision += u64::from(self.selection.rows.len() != before);
        if self.lists.table.view.as_ref().is_some_and(|table| !known(&table.layer)) {
            self.lists.table = super::look::table::Table::default();
        }
    }
}
