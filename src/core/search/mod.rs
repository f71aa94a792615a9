//! What messages are found by: the words of a text, and for scripts without blanks its pairs of characters.
//!
//! Case and width are folded. A word is found by its beginning; Chinese, Japanese and Korean anywhere, by
//! bigrams (and the last character of a run alone, so that a single character finds it too).
mod lower;

use lower::lower;

use crate::core::map::Set;

/// The longest word that is told apart, in characters.
const LONGEST: usize = 24;
/// How much of a text is looked at, in characters.
const MOST_TEXT: usize = 8 * 1024;
/// How many terms a text has at most.
const MOST_TERMS: usize = 400;
/// How many words of a query count.
const MOST_WORDS: usize = 16;

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    text: String,
    /// In a script without blanks.
    dense: bool,
}

impl Word {
    /// A term that every text with this word has, or how one of them begins when `false`.
    pub fn probe(&self) -> (String, bool) {
        let pair: String = self.text.chars().take(2).collect();
        match self.dense {
            true if pair.chars().nth(1).is_some() => (pair, true),
            true => (pair, false),
            false => (self.text.chars().take(LONGEST).collect(), false),
        }
    }

    /// How much it tells: the longer, the rarer.
    pub fn weight(&self) -> usize {
        self.text.len()
    }
}

/// The words of a query; all of them have to be there.
pub fn words(query: &str) -> Vec<Word> {
    let mut words = Vec::new();
    runs(&fold(query), |text, dense| words.push(Word { text: text.to_owned(), dense }));
    words.truncate(MOST_WORDS);
    words
}

/// Whether a text has all these words.
pub fn matches(words: &[Word], text: &str) -> bool {
    let text = fold(text);
    words.iter().all(|word| {
        let mut found = false;
        runs(&text, |run, dense| {
            found |= dense == word.dense && if dense { run.contains(&word.text) } else { run.starts_with(&word.text) };
        });
        found
    })
}

/// The terms of a text.
pub fn terms(text: &str) -> Set<String> {
    let mut terms = Set::new();
    runs(&fold(text), |run, dense| {
        if !dense {
            terms.insert(run.chars().take(LONGEST).collect());
            return;
        }
        let chars: Vec<char> = run.chars().collect();
        terms.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
        terms.extend(chars.last().map(char::to_string));
    });
    while terms.len() > MOST_TERMS {
        terms.pop_last();
    }
    terms
}

/// Lower case, half width.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().take(MOST_TEXT).map(narrow) {
        folded.push(lower(c));
        if c == '\u{130}' {
            folded.push('\u{307}'); // an i that keeps its dot is the only letter that becomes two
        }
    }
    folded
}

/// Full-width forms of ASCII are ASCII, and the ideographic blank is one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    }
}

const fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}')
}

/// Calls `take` with each run of letters and digits, and whether it is of a script without blanks.
fn runs(text: &str, mut take: impl FnMut(&str, bool)) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let dense = is_dense(first);
        let same = |c: char| if dense { is_dense(c) } else { c.is_alphanumeric() && !is_dense(c) };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if run.is_empty() {
            rest = after.get(first.len_utf8()..).unwrap_or("");
        } else {
            take(run, dense);
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(query: &str, text: &str) -> bool {
        let words = words(query);
        let terms = terms(text);
        let by_index = words.iter().all(|word| {
            let (term, exact) = word.probe();
            if exact { terms.contains(&term) } else { terms.iter().any(|it| it.starts_with(&term)) }
        });
        let by_text = matches(&words, text);
        assert!(by_index || !by_text, "the index misses `{query}` in `{text}`");
        by_text
    }

    #[test]
    fn words_are_found_by_their_beginning_and_dense_scripts_anywhere() {
        for (query, text) in [
            ("bud", "The Budget, 2026"),
            ("2026 budget", "The Budget, 2026"),
            ("ＢＵＤ", "budget"),
            ("中", "我爱中国"),
            ("国", "我爱中国"),
            ("爱中国", "我爱中国"),
            ("中国 budget", "中国budget"),
            ("テスト", "これはテストです"),
            ("안녕", "여러분 안녕하세요"),
            ("ÉT", "été"),
            ("привет", "Привет, мир"),
            ("c++", "I like C++"),
        ] {
            assert!(found(query, text), "{query} in {text}");
        }
        for (query, text) in [("udget", "budget"), ("中爱", "我爱中国"), ("budget x", "budget"), ("国中", "中国")]
        {
            assert!(!found(query, text), "{query} in {text}");
        }
        assert!(words("…!").is_empty());
    }

    #[test]
    fn long_texts_have_few_terms() {
        let text: String = (0..60_000).map(|n| char::from_u32(0x4e00 + n % 20_000).unwrap()).collect();
        assert_eq!(terms(&text).len(), MOST_TERMS);
        assert_eq!(terms(&"x".repeat(60_000)).iter().map(String::len).collect::<Vec<_>>(), [LONGEST]);
    }

    proptest! {
        /// What is in a text is found in it through the index: a word's beginning, or any piece of a dense run.
        #[test]
        fn the_index_never_misses(text in "[a-zA-Z0-9 中国我爱你ｆｕ,.]{0,40}", at in 0usize..40, len in 1usize..6) {
            let words: Vec<String> = { let mut all = Vec::new(); runs(&fold(&text), |run, dense| {
                let chars: Vec<char> = run.chars().collect();
                let from = if dense { at % chars.len() } else { 0 };
                all.push(chars[from..(from + len).min(chars.len())].iter().collect());
            }); all };
            for word in words {
                prop_assert!(found(&word, &text), "{} in {}", word, text);
            }
        }
    }
}
