//! Finding messages: the index, which grows with each transaction that writes messages, and searches over it.
//!
//! ```text
//! terms: class | term | 0 | newest id | oldest id  ->  conversations and ids     (one row a term and page)
//!
//! search:  which terms begin like the word?  ->  their rows, newest first  ->  each message is read and
//!          looked at: is it there, does it have all words, does it pass?  ->  a page, and a handle for the next
//! ```
//!
//! A word's row may stand for a message that has lost the word since, or is gone: what counts is the message.
//! So edits only add to the index, and nothing has to be taken out of it.
//!
//! A message of the application's own has rows to itself, `class | term | 0 | behind | !id`: beside the server's message
//! that it stands behind, and apart from all rows of those, whose last id is never that high.

use super::body;
use super::rows::{
    EditRow, LOCAL, MessageRow, id_from, local_query, message_query, one_local, one_message, put, read_messages,
};
use super::{CallId, LoadPurpose, Reply, Session, storage_error};
use crate::core::json::Value;
use crate::core::map::{Set, sort};
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind, Message};
use crate::core::proto::message_body::ContentType;
use crate::core::search::{self, Word};
use crate::core::wire::{Wire as _, wire};
use crate::ports::{Query, Row, StoreError, Table, Write};

/// What a term is; the first byte of its key.
mod class {
    pub(super) const WORD: u8 = 1;
    pub(super) const TYPE: u8 = 2;
    pub(super) const SENDER: u8 = 3;
}

/// How many terms a word may stand for.
const MOST_TERMS: usize = 64;
/// Rows of the index that are read at once.
const ROWS: u32 = 32;
/// How many messages are looked at for a page.
const MOST_LOOKED_AT: u32 = 2_000;
/// How many searches can be gone on with; the oldest are forgotten.
const MOST_SEARCHES: usize = 8;

/// What is asked for. Everything given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that the text has.
    pub text: String,
    /// In this conversation.
    pub of: Option<ConversationId>,
    /// The number of the content's type.
    pub ctype: Option<i32>,
    /// By this user.
    pub from: Option<u64>,
    /// Not older than this, in milliseconds since the epoch; 0 for no bound.
    pub since: u64,
    /// Older than this; 0 for no bound.
    pub until: u64,
}

/// Which messages have a term.
#[derive(Clone, PartialEq, prost::Message)]
struct TermRow {
    #[prost(message, repeated, tag = "1")]
    places: Vec<PlaceRow>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PlaceRow {
    /// Of the conversation; with `LOCAL` for a message of the application's own.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint64, tag = "2")]
    uid: u64,
    /// Of the messages; of one of the application's own the message it stands behind, and its own.
    #[prost(uint64, repeated, tag = "3")]
    ids: Vec<u64>,
}

wire! {
    TermRow {
        1 places list,
    }
    PlaceRow {
        1 kind uint32,
        2 uid uint64,
        3 ids numbers,
    }
}

/// The terms of one transaction: what is new in one lot, so that a term has one row of it.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<(Vec<u8>, ConversationId, u64)>);

impl Index {
    /// Adds a message with all its terms; of one that was edited, those that it did not have before.
    pub(super) fn add(&mut self, of: ConversationId, row: &MessageRow, was: Option<&Option<EditRow>>) {
        self.0.extend(keys(row, was).into_iter().map(|key| (key, of, row.id())));
    }

    /// The rows.
    pub(super) fn writes(mut self) -> Vec<Write> {
        sort(&mut self.0, |a, b| a < b);
        self.0.dedup();
        let mut writes = Vec::new();
        for term in self.0.chunk_by(|a, b| a.0 == b.0) {
            let ids = || term.iter().map(|(.., id)| *id);
            let (newest, oldest) = (ids().max().unwrap_or(0), ids().min().unwrap_or(0));
            let key = term.first().map_or(&[][..], |(key, ..)| key);
            let key = [key, &newest.to_be_bytes(), &oldest.to_be_bytes()].concat();
            let mut places: Vec<PlaceRow> = Vec::new();
            for (_, of, id) in term {
                match places.last_mut() {
                    Some(place) if (place.kind, place.uid) == (of.kind as u32, of.uid) => place.ids.push(*id),
                    _ => places.push(PlaceRow { kind: of.kind as u32, uid: of.uid, ids: vec![*id] }),
                }
            }
            writes.push(put(Table::Terms, key, &TermRow { places }));
        }
        writes
    }
}

/// The beginnings of the keys that a message has; of one that was edited, those that it did not have before.
fn keys(row: &MessageRow, was: Option<&Option<EditRow>>) -> Vec<Vec<u8>> {
    let body = body::body(row);
    if row.gone || !body::counts(&body) {
        return Vec::new();
    }
    let mut terms = search::terms(&text_of(row));
    if let Some(was) = was {
        let before = search::terms(&text_of(&MessageRow { edit: was.clone(), ..row.clone() }));
        terms.retain(|term| !before.contains(term));
    }
    let mut keys: Vec<Vec<u8>> = terms.into_iter().map(|term| key(class::WORD, term.as_bytes())).collect();
    if was.is_none() {
        keys.push(key(class::SENDER, &row.from().to_be_bytes()));
        if body.ctype != ContentType::Text as i32 {
            keys.push(key(class::TYPE, &body.ctype.to_be_bytes()));
        }
    }
    keys
}

/// The rows of the index for a message of the application's own: written with it, and deleted with it.
pub(super) fn local_terms(of: ConversationId, row: &MessageRow, write: bool) -> impl Iterator<Item = Write> {
    let (behind, id) = (row.behind, row.id());
    let place = PlaceRow { kind: of.kind as u32 | u32::from(LOCAL), uid: of.uid, ids: vec![behind, id] };
    let term = TermRow { places: vec![place] };
    keys(row, None).into_iter().map(move |key| {
        let key = [&key[..], &behind.to_be_bytes(), &(!id).to_be_bytes()].concat();
        if write { put(Table::Terms, key, &term) } else { Write::delete(Table::Terms, key) }
    })
}

/// What is left of a row of the index without the messages that are gone; nothing to write when they are all there.
pub(super) fn thin(row: &Row, gone: impl Fn(ConversationId, bool) -> u64) -> Option<Write> {
    let mut term = TermRow::decode(&row.value[..]).unwrap_or_default(); // unreadable: of no use
    let count = |term: &TermRow| term.places.iter().map(|place| place.ids.len()).sum::<usize>();
    let before = count(&term);
    for PlaceRow { kind, uid, ids } in &mut term.places {
        let Some((of, local)) = place_of(*kind, *uid) else { continue };
        let top = gone(of, local);
        ids.retain(|id| if local { top == 0 } else { *id > top });
    }
    term.places.retain(|place| !place.ids.is_empty());
    let key = row.key.clone();
    match count(&term) {
        0 => Some(Write::delete(Table::Terms, key)),
        left => (left < before).then(|| put(Table::Terms, key, &term)),
    }
}

/// The conversation of a place, and whether it is that of a message of the application's own.
fn place_of(kind: u32, uid: u64) -> Option<(ConversationId, bool)> {
    let local = u32::from(LOCAL);
    Some((ConversationId { kind: Kind::from_number(kind & !local)?, uid }, kind & local != 0))
}

/// The beginning of all keys of a term.
fn key(class: u8, term: &[u8]) -> Vec<u8> {
    // Ids have a fixed length and hold zeros; terms are told from them by their place.
    [&[class][..], term, &[0]].concat()
}

/// What a message is found by: its text as it is now, and the name of its file.
fn text_of(row: &MessageRow) -> String {
    let body = body::body(row);
    let mut text = row.edit.as_ref().map_or(body.content, |edit| edit.text.clone());
    if body.ctype == ContentType::File as i32
        && let Some(name) = Value::lenient(&body.attachment).field("dName").as_str()
    {
        text.push(' ');
        text.push_str(name);
    }
    text
}

/// The rows of one term, newest first.
#[derive(Debug)]
struct Stream {
    key: Vec<u8>,
    /// What is not read yet is older than this row's key; empty before the first.
    upto: Vec<u8>,
    /// All messages of unread rows are older than this; 0 when all are read.
    bound: u64,
}

/// Where a message is: its id, or that of the message it stands behind and its own as one of the application's own.
type Spot = (u64, u64, ConversationId);

/// A search.
#[derive(Debug)]
pub(super) struct Search {
    call: CallId,
    filter: Filter,
    words: Vec<Word>,
    limit: usize,
    streams: Vec<Stream>,
    step: Step,
    candidates: Set<Spot>,
    /// Without an index: the application's own messages that fit and come later, newest last.
    own: Vec<Message>,
    found: Vec<Message>,
    looked_at: u32,
}

/// What a read of the store is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A term at or behind this key that begins with that.
    Term { prefix: Vec<u8> },
    /// More rows of that stream.
    More(usize),
    /// A message.
    Look(Spot),
    /// Without an index: the application's own messages of one conversation, which the walk then has along.
    Own(ConversationId),
    /// Without an index: messages of one conversation, older than this id.
    Walk(ConversationId, u64),
}

impl Search {
    pub(super) const fn call(&self) -> CallId {
        self.call
    }

    fn passes(&self, row: &MessageRow) -> bool {
        let filter = &self.filter;
        let at = row.meta.as_ref().map_or(0, |meta| meta.timestamp);
        let body = body::body(row);
        filter.from.is_none_or(|from| from == row.from())
            && filter.ctype.is_none_or(|ctype| ctype == body.ctype)
            && (filter.until == 0 || at < filter.until)
            && at >= filter.since
            && body::counts(&body)
            && (self.words.is_empty() || search::matches(&self.words, &text_of(row)))
    }

    /// The newest candidate, once nothing newer can come.
    fn next_candidate(&mut self) -> Option<Spot> {
        let bound = self.streams.iter().map(|stream| stream.bound).max().unwrap_or(0);
        self.candidates.last().filter(|(id, ..)| *id >= bound)?;
        self.candidates.pop_last()
    }

    /// Takes the application's own messages that stand behind messages with this id or a newer one.
    fn take_own(&mut self, id: u64) {
        while let Some(own) = self.own.pop_if(|own| own.id >= id) {
            self.found.push(own);
        }
    }
}

impl Session {
    /// Begins a search; see `Filter`.
    pub(super) fn find(&mut self, call: CallId, filter: Filter, limit: u32) {
        let words = search::words(&filter.text);
        let refuse = |why: &'static str| Err(Error::new(Domain::Argument, ErrorCode::ArgumentInvalid, why));
        if words.is_empty() && !filter.text.is_empty() {
            return self.reply(call, Ok(Reply::Found(vec![], 0))); // neither letters nor digits: no text is found by it
        }
        let first = match (words.iter().max_by_key(|word| word.weight()), filter.ctype, filter.from, filter.of) {
            (.., Some(of)) if !self.config.search || words.is_empty() && filter.ctype.is_none() => {
                let account = self.account.as_ref();
                let own = account.and_then(|account| account.conversations.get(&of)?.local.as_ref());
                if own.is_some() { Step::Own(of) } else { Step::Walk(of, u64::MAX) }
            }
            _ if !self.config.search => {
                return self.reply(call, refuse("without an index only one conversation can be searched"));
            }
            (Some(word), ..) => {
                let (term, exact) = word.probe();
                let mut prefix = [&[class::WORD][..], term.as_bytes()].concat();
                if exact {
                    prefix.push(0);
                }
                Step::Term { prefix }
            }
            (None, Some(ctype), ..) if ctype != ContentType::Text as i32 => {
                Step::Term { prefix: key(class::TYPE, &ctype.to_be_bytes()) }
            }
            (None, _, Some(from), _) => Step::Term { prefix: key(class::SENDER, &from.to_be_bytes()) },
            _ => return self.reply(call, refuse("give `text`, `type`, `from` or a conversation")),
        };
        let search = Search {
            call,
            filter,
            words,
            limit: limit.clamp(1, super::MAX_PAGE) as usize,
            streams: Vec::new(),
            step: first,
            candidates: Set::new(),
            own: Vec::new(),
            found: Vec::new(),
            looked_at: 0,
        };
        self.search_step(search, &[]);
    }

    /// Goes on with a search that was not at its end.
    pub(super) fn find_more(&mut self, call: CallId, handle: u32, limit: u32) {
        match self.searches.remove(&handle) {
            Some(search) => {
                let limit = limit.clamp(1, super::MAX_PAGE) as usize;
                self.search_on(Search { call, limit, looked_at: 0, ..search });
            }
            None => self.reply(call, Err(Error::argument("this search is over, or was forgotten: begin it again"))),
        }
    }

    pub(super) fn search_loaded(&mut self, search: Search, rows: Result<Vec<Row>, StoreError>) {
        match rows {
            Ok(rows) => self.search_took(search, &rows),
            Err(e) => self.reply(search.call, Err(storage_error(&e))),
        }
    }

    /// Asks for what the current step needs. `after`: the key that a row must come behind, for terms.
    fn search_step(&mut self, search: Search, after: &[u8]) {
        let query = match &search.step {
            Step::Term { prefix } => {
                let from = if after.is_empty() { prefix.clone() } else { after.to_vec() };
                Query { table: Table::Terms, from, to: ending(prefix), limit: 1, descending: false }
            }
            Step::More(at) => {
                let Some(stream) = search.streams.get(*at) else { return };
                let to = if stream.upto.is_empty() { ending(&stream.key) } else { stream.upto.clone() };
                Query { table: Table::Terms, from: stream.key.clone(), to, limit: ROWS, descending: true }
            }
            Step::Look((id, 0, of)) => one_message(*of, *id),
            Step::Look((behind, id, of)) => one_local(*of, *behind, *id),
            Step::Own(of) => local_query(*of, 0, u64::MAX),
            Step::Walk(of, before) => message_query(*of, 0, *before, 100, true),
        };
        self.load(query, LoadPurpose::Search(Box::new(search)));
    }

    fn search_took(&mut self, mut search: Search, rows: &[Row]) {
        match search.step.clone() {
            Step::Term { .. } => {
                let term = rows.first().and_then(|row| row.key.get(..row.key.len().saturating_sub(16)));
                if let (Some(term), true) = (term, search.streams.len() < MOST_TERMS) {
                    search.streams.push(Stream { key: term.to_vec(), upto: Vec::new(), bound: u64::MAX });
                    return self.search_step(search, &ending(term));
                }
            }
            Step::More(at) => {
                let full = rows.len() >= ROWS as usize;
                let mut bad = Vec::new();
                for row in rows {
                    match TermRow::decode(&row.value[..]) {
                        Ok(term) => {
                            for PlaceRow { kind, uid, ids } in term.places {
                                let place = place_of(kind, uid);
                                match place.filter(|(of, _)| search.filter.of.is_none_or(|wanted| wanted == *of)) {
                                    Some((of, true)) => {
                                        let spot = ids.first().zip(ids.get(1)).map(|(behind, id)| (*behind, *id, of));
                                        search.candidates.extend(spot);
                                    }
                                    Some((of, false)) => search.candidates.extend(ids.iter().map(|id| (*id, 0, of))),
                                    None => {}
                                }
                            }
                        }
                        Err(_) => bad.push(super::rows::bad_row(Table::Terms, &row.key)),
                    }
                }
                if let Some(stream) = search.streams.get_mut(at) {
                    stream.upto = rows.last().map(|row| row.key.clone()).unwrap_or_default();
                    let newest = stream.upto.get(stream.key.len()..).and_then(|ids| id_from(ids.get(..8)?));
                    stream.bound = newest.filter(|_| full).map_or(0, |newest| newest.saturating_add(1));
                }
                self.bad_rows(bad);
            }
            Step::Look((.., of)) => {
                let found = self.look_at(&mut search, of, rows);
                search.found.extend(found);
            }
            Step::Own(of) => {
                search.own = self.look_at(&mut search, of, rows);
                search.step = Step::Walk(of, u64::MAX);
            }
            Step::Walk(of, _) => {
                for message in self.look_at(&mut search, of, rows) {
                    search.take_own(message.id);
                    search.found.push(message);
                }
                let on = rows.last().and_then(|row| id_from(row.key.get(9..)?)).filter(|_| rows.len() >= 100);
                search.take_own(on.unwrap_or(0));
                search.step = Step::Walk(of, on.unwrap_or(0));
            }
        }
        self.search_on(search);
    }

    /// The messages among the rows that are looked for, in the order of the rows.
    fn look_at(&mut self, search: &mut Search, of: ConversationId, rows: &[Row]) -> Vec<Message> {
        search.looked_at += u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let (stored, bad) = read_messages(rows);
        self.bad_rows(bad);
        let Some(account) = &self.account else { return Vec::new() };
        let fits = stored.iter().filter(|row| account.is_shown(of, row) && search.passes(row));
        fits.map(|row| account.message(of, row)).collect()
    }

    /// Takes the next step, or replies.
    fn search_on(&mut self, mut search: Search) {
        let page = search.found.len() >= search.limit || search.looked_at >= MOST_LOOKED_AT;
        if let Step::Walk(_, before) = search.step {
            return if page || before == 0 {
                self.search_page(search, before == 0)
            } else {
                self.search_step(search, &[])
            };
        }
        if page {
            return self.search_page(search, false);
        }
        if let Some(spot) = search.next_candidate() {
            search.step = Step::Look(spot);
            return self.search_step(search, &[]);
        }
        let next = search.streams.iter().enumerate().filter(|(_, stream)| stream.bound > 0);
        match next.max_by_key(|(_, stream)| stream.bound).map(|(at, _)| at) {
            Some(at) => {
                search.step = Step::More(at);
                self.search_step(search, &[]);
            }
            None => self.search_page(search, true),
        }
    }

    fn search_page(&mut self, mut search: Search, over: bool) {
        let rest = search.found.split_off(search.limit.min(search.found.len()));
        let found = std::mem::replace(&mut search.found, rest);
        let call = search.call;
        let mut handle = 0;
        if !over || !search.found.is_empty() {
            self.next_id += 1;
            handle = self.next_id;
            self.searches.insert(handle, search);
            while self.searches.len() > MOST_SEARCHES {
                self.searches.pop_first();
            }
        }
        self.reply(call, Ok(Reply::Found(found, handle)));
    }
}

/// The first key behind all that begin with a prefix.
fn ending(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}
