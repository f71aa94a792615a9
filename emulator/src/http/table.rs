//! What an endpoint is, as data. The rows stand beside their functions, in the file of their group;
//! routing, the check of parameters, pages, the OpenAPI document and the generic tests all come
//! from them.
use axum::http::Method;
use serde_json::Value;

use super::{Answer, ApiError, call::Call, call::Params};

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody.
    Open,
    /// Anybody who names a known application.
    App,
    /// Users with a token.
    Token,
    /// As [`Access::App`]; a token tells who calls.
    Either,
    /// The developer at this machine; failures are HTTP failures here.
    Admin,
}

/// How badly clients need an endpoint (emulator 3); `Rest` are the ones beside the SDK's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    P0,
    P1,
    P2,
    P3,
    P4,
    Rest,
}

impl Priority {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::Rest => "beside the SDK",
        }
    }
}

/// What a parameter takes. Numbers and switches may come as texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// A text of at most so many bytes.
    Text(usize),
    /// The same, not empty.
    Word(usize),
    /// The id of a user, group or whatever else.
    Id,
    /// A list of ids; one alone is a list of one.
    Ids,
    /// A whole number.
    Int,
    /// A boolean, 0 or 1.
    Flag,
    /// Any JSON.
    Any,
}

/// A parameter. The emulator looks for it in query and body; documents say where clients put it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) takes: Type,
    pub(super) required: bool,
    /// True when it goes into the query of a POST.
    pub(super) in_query: bool,
}

impl Param {
    /// The same in the query of a POST.
    pub(super) const fn in_query(self) -> Self {
        Self { in_query: true, ..self }
    }

    fn check(&self, params: &Params) -> Result<(), ApiError> {
        let name = self.name;
        if !params.has(name) {
            return if self.required { Err(ApiError::parameter(name, "missing")) } else { Ok(()) };
        }
        match self.takes {
            Type::Text(limit) => params.short_text(name, limit).map(drop),
            Type::Word(limit) if self.required => {
                params.required_text(name).and_then(|_| params.short_text(name, limit)).map(drop)
            }
            Type::Word(limit) => params.short_text(name, limit).map(drop),
            Type::Id => params.id(name).map(drop),
            Type::Ids => params.ids(name).map(drop),
            Type::Int => params.number(name).map(drop),
            Type::Flag => params.flag(name).map(drop),
            Type::Any => Ok(()),
        }
    }
}

/// A parameter that must be there.
pub(super) const fn must(name: &'static str, takes: Type) -> Param {
    Param { name, takes, required: true, in_query: false }
}

/// A parameter that may be left out.
pub(super) const fn may(name: &'static str, takes: Type) -> Param {
    Param { name, takes, required: false, in_query: false }
}

/// What `data` of a good answer is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Any JSON.
    Json,
    /// A switch; `true` where an action has nothing else to say.
    Bool,
    Str,
    /// A whole number.
    Num,
    /// All of these fields and no others; a name that ends with `?` may be missing.
    Fields(&'static [(&'static str, Self)]),
    /// A shape of `SHAPES`.
    Named(&'static str),
    List(&'static Self),
    /// Any JSON, without the envelope.
    Bare,
    /// A list that comes in pages: what is in it, the fields that tell its lines apart (with a comma
    /// between, none when they are plain ids), and how many come when the caller does not say.
    Pages(&'static Self, &'static str, usize),
    /// No JSON but an SVG picture.
    Picture,
    /// The cloud has it, the emulator does not: body code 404, which makes clients fall back.
    Missing,
}

/// The function of an endpoint.
pub(super) type Run = fn(&Call<'_>) -> Answer;

/// An endpoint.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) priority: Priority,
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) run: Run,
    pub(super) params: &'static [Param],
    pub(super) answer: Shape,
    /// Codes beside those that come from access and parameters.
    pub(super) errors: &'static [u32],
    pub(super) summary: &'static str,
}

/// What all lists in pages take. `version` is reserved and has no effect.
const PAGE_PARAMS: &[Param] = &[
    may("cursor", Type::Text(256)).in_query(),
    may("limit", Type::Int).in_query(),
    may("version", Type::Int).in_query(),
];

impl Row {
    /// All parameters, those of pages included.
    pub(super) fn all_params(&self) -> impl Iterator<Item = &'static Param> {
        let pages: &[Param] = if matches!(self.answer, Shape::Pages(..)) { PAGE_PARAMS } else { &[] };
        self.params.iter().chain(pages)
    }

    /// Checks everything that needs no database.
    pub(super) fn check(&self, params: &Params) -> Result<(), ApiError> {
        self.all_params().try_for_each(|param| param.check(params))
    }

    /// All codes a failure may have.
    pub(super) fn codes(&self) -> Vec<u32> {
        let by_access: &[u32] = match self.access {
            Access::Open => &[],
            Access::App => &[40000],
            Access::Token => &[402, 10003, 40000],
            Access::Either => &[402, 40000],
            Access::Admin => &[400, 403],
        };
        let by_answer: &[u32] = if matches!(self.answer, Shape::Missing) { &[404] } else { &[] };
        // The body, and a database that fails, can be a reason anywhere.
        let mut codes = [&[10002, 20000], by_access, by_answer, self.errors].concat();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// The function of rows with [`Shape::Missing`].
pub(super) fn missing(_: &Call<'_>) -> Answer {
    Err(ApiError::new(404, "this server does not have that endpoint"))
}

/// The `ROWS` of a file, one endpoint a line:
/// priority, method, path, access, function, parameters, answer, codes of failures, summary.
macro_rules! rows {
    ($($priority:ident $method:ident $path:literal $access:ident $run:ident [$($param:expr),*] -> $answer:expr,
       [$($code:literal),*], $summary:literal;)*) => {
        pub(super) const ROWS: &[$crate::http::table::Row] = &[$($crate::http::table::Row {
            priority: $crate::http::table::Priority::$priority,
            method: axum::http::Method::$method,
            path: $path,
            access: $crate::http::table::Access::$access,
            run: $run,
            params: &[$($param),*],
            answer: $answer,
            errors: &[$($code),*],
            summary: $summary,
        }),*];
    };
}
pub(super) use rows;

/// A part of a list, and how to get on.
pub(super) struct Page {
    pub(super) lines: Vec<Value>,
    /// For the next page; `None` on the last one.
    pub(super) cursor: Option<String>,
    /// Lines in all.
    pub(super) total: usize,
}

/// Most lines in a page.
const PAGE_LIMIT: i64 = 1000;

impl Page {
    /// The page of a list that the caller asks for. A cursor names the last line the caller has
    /// seen and where it stood, so that nothing is left out or comes twice when lines before it go.
    pub(super) fn cut(lines: Vec<Value>, key: &str, usual: usize, params: &Params) -> Result<Self, ApiError> {
        let limit = match params.number("limit")? {
            // 0 is what clients send that have no wish.
            None | Some(0) => usual,
            Some(limit @ 1..) => usize::try_from(limit.min(PAGE_LIMIT)).unwrap_or(usual),
            Some(_) => return Err(ApiError::parameter("limit", "must not be negative")),
        };
        let name = |line: &Value| match key {
            "" => line.to_string(),
            keys => keys.split(',').map(|key| line[key].to_string()).collect::<Vec<_>>().join("-"),
        };
        let start = match params.text("cursor")?.filter(|cursor| !cursor.is_empty()) {
            None => 0,
            Some(cursor) => {
                let wrong = || ApiError::parameter("cursor", "is not one of this server");
                let (seen, last) = cursor.split_once('.').ok_or_else(wrong)?;
                let seen: usize = seen.parse().map_err(|_| wrong())?;
                match lines.iter().position(|line| name(line) == last) {
                    Some(at) => at + 1,
                    // The line has gone: what stood behind it has moved up.
                    None => seen.saturating_sub(1),
                }
            }
        };
        let total = lines.len();
        let lines: Vec<_> = lines.into_iter().skip(start).take(limit).collect();
        let end = start.saturating_add(lines.len());
        let cursor = lines.last().filter(|_| end < total).map(|line| format!("{end}.{}", name(line)));
        Ok(Self { lines, cursor, total })
    }
}
