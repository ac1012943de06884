//! How Vietnamese is written: words taken apart into letters, marks and tone, and put together
//! again in one canonical spelling.
//!
//! A syllable has one tone, and custom differs only in the vowel that carries its mark (*hoà*,
//! *hòa*; Decision 1989/QĐ-BGDĐT of 2018 art. 8). An open syllable that is an initial consonant and
//! the vowel /i/ is written with *i* or *y* (*Lí*, *Lý*; Decision 240/QĐ of 1984, Decision
//! 1989/QĐ-BGDĐT art. 9). [`Word`] folds both away; what remains tells words apart.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};

/// Initials after which a final *i* and *y* are the same vowel in use: the six of Decision
/// 240/QĐ, *v* of the names in article 9 of Decision 1989/QĐ-BGDĐT, and *qu*.
const INITIALS_BEFORE_I_OR_Y: [&str; 8] = ["h", "k", "l", "m", "s", "t", "v", "qu"];

/// Letters of other Latin alphabets that no diacritic makes out of *a*–*z*.
const OTHER_LATIN_LETTERS: [char; 7] = ['ß', 'æ', 'ø', 'þ', 'ł', 'œ', 'ŋ'];

/// Which differences of spelling to fold away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folding {
    /// The tone mark moves behind the last letter of its syllable.
    pub tone_placement: bool,
    /// `y` becomes `i` where both may be written.
    pub i_and_y: bool,
}

impl Folding {
    pub const ALL: Self = Self { tone_placement: true, i_and_y: true };
}

/// One word in lower case, as its letters. Marks that make a letter (*ă*, *ê*, *ơ*) stay with it.
#[derive(Default)]
pub struct Word {
    letters: Vec<Letter>,
}

#[derive(Clone, Copy)]
struct Letter {
    /// Without any mark, `đ` excepted.
    base: char,
    /// With the marks that make it a letter of its own.
    letter: char,
    tone: Option<char>,
    /// A mark that neither makes a Vietnamese letter nor a tone.
    stray: Option<char>,
}

impl Word {
    /// Takes a word apart. White space and punctuation are the caller's to remove.
    pub fn parse(word: &str) -> Self {
        let mut letters: Vec<Letter> = Vec::with_capacity(word.len());
        for c in word.chars().flat_map(char::to_lowercase).nfd() {
            match letters.last_mut() {
                Some(last) if is_combining_mark(c) => last.take_mark(c),
                _ => letters.push(Letter { base: c, letter: c, tone: None, stray: None }),
            }
        }
        Self { letters }
    }

    /// Appends the canonical spelling.
    pub fn write_spelling(&self, folding: Folding, out: &mut String) {
        let tone = if folding.tone_placement { self.tone_of_syllable() } else { None };
        let last = self.letters.len().saturating_sub(1);
        let folds_y = folding.i_and_y && self.ends_in_i_or_y();
        for (index, letter) in self.letters.iter().enumerate() {
            out.push(if folds_y && index == last { 'i' } else { letter.letter });
            out.extend(letter.stray);
            if tone.is_none() {
                out.extend(letter.tone);
            }
        }
        out.extend(tone);
    }

    /// Appends the letters without any mark, `đ` as `d`, and *i* for *y* where both may be written.
    pub fn write_plain(&self, out: &mut String) {
        let last = self.letters.len().saturating_sub(1);
        let folds_y = self.ends_in_i_or_y();
        for (index, letter) in self.letters.iter().enumerate() {
            out.push(if folds_y && index == last { 'i' } else { undotted_d(letter.base) });
        }
    }

    /// The tone, if the word is one syllable (one group of vowels) with one tone mark.
    fn tone_of_syllable(&self) -> Option<char> {
        let mut tones = self.letters.iter().filter_map(|letter| letter.tone);
        let tone = tones.next()?;
        let first = self.letters.iter().position(|letter| letter.is_vowel())?;
        let group = self.letters[first..].iter().take_while(|letter| letter.is_vowel()).count();
        let one_group = !self.letters[first + group..].iter().any(|letter| letter.is_vowel());
        (tones.next().is_none() && one_group).then_some(tone)
    }

    /// Whether the word is an initial of the list and a lone *i* or *y*.
    fn ends_in_i_or_y(&self) -> bool {
        let Some((vowel, initial)) = self.letters.split_last() else { return false };
        matches!(vowel.letter, 'i' | 'y')
            && vowel.stray.is_none()
            && INITIALS_BEFORE_I_OR_Y.iter().any(|known| known.chars().eq(initial.iter().map(|l| l.letter)))
    }
}

impl Letter {
    fn take_mark(&mut self, mark: char) {
        let composed = match mark {
            '\u{302}' | '\u{306}' | '\u{31b}' => compose(self.letter, mark),
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}' if self.is_vowel() && self.tone.is_none() => {
                self.tone = Some(mark);
                return;
            }
            _ => compose(self.letter, mark),
        };
        match composed {
            Some(letter) => self.letter = letter,
            // Several stray marks are told apart by the last; they never make two words equal to a clean one.
            None => self.stray = Some(mark),
        }
    }

    fn is_vowel(&self) -> bool {
        matches!(self.base, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
    }
}

fn undotted_d(c: char) -> char {
    if c == 'đ' { 'd' } else { c }
}

/// Whether a text, beside what is no letter, is written in `a`–`z` alone.
pub fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii() || !(is_letter(c) || is_combining_mark(c)))
}

/// Whether a text holds a letter that no name in Vietnam is written with: another script, a
/// full-width or dotless form, anything that may pass for a Latin letter to the eye.
pub fn has_foreign_letter(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut before = ' ';
    text.nfd().any(|c| {
        let dotted_i = c == '\u{307}' && matches!(before, 'i' | 'I');
        before = c;
        let lower = c.to_lowercase().next().unwrap_or(c);
        let known = c.is_ascii() || lower == 'đ' || OTHER_LATIN_LETTERS.contains(&lower);
        dotted_i || (is_letter(c) && !known)
    })
}

/// Lower case, every mark off, `đ` as `d`, `y` as `i`, apostrophes gone, other punctuation and
/// white space as one space: what a search by name compares.
pub fn search_form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase).nfd() {
        match c {
            'y' => out.push('i'),
            _ if is_letter(c) || c.is_numeric() => out.push(undotted_d(c)),
            _ if is_combining_mark(c) || is_apostrophe(c) => {}
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Like [`search_form`], with tones and letters kept apart.
pub fn spelled_form(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_apostrophe(*c)).collect();
    let mut out = String::with_capacity(text.len());
    let letters = |c: char| is_letter(c) || c.is_numeric() || is_combining_mark(c);
    for word in text.split(|c| !letters(c)).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        Word::parse(word).write_spelling(Folding::ALL, &mut out);
    }
    out
}

/// A letter by itself: no mark, and not the modifier letter that serves as an apostrophe.
pub fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_combining_mark(c) && !is_apostrophe(c)
}

/// The kinds of apostrophe that sources use for one another.
pub fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}')
}

/// The kinds of hyphen.
pub fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' | '\u{2014}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(word: &str) -> String {
        let mut out = String::new();
        Word::parse(word).write_spelling(Folding::ALL, &mut out);
        out
    }

    #[test]
    fn one_syllable_one_tone_wherever_its_mark_stands() {
        for (a, b) in
            [("hoà", "hòa"), ("THUÝ", "thúy"), ("khoẻ", "khỏe"), ("tuệ", "tụê"), ("quý", "qúy"), ("Già", "gìa")]
        {
            assert_eq!(spelled(a), spelled(b), "{a} {b}");
        }
        assert_ne!(spelled("réne"), spelled("rené"), "two groups of vowels are two syllables");
        assert_ne!(spelled("thanh"), spelled("thành"));
        assert_ne!(spelled("ña"), spelled("nã"), "a tilde on a consonant is no tone");
    }

    #[test]
    fn i_and_y_only_in_open_syllables_after_some_initials() {
        for (a, b) in [("Mỹ", "Mĩ"), ("Lý", "Lí"), ("quý", "quí"), ("vỹ", "vĩ"), ("sỹ", "sĩ"), ("ky", "ki")]
        {
            assert_eq!(spelled(a), spelled(b), "{a} {b}");
        }
        for (a, b) in [("huy", "hui"), ("thuý", "thúi"), ("Y", "I"), ("hai", "hay"), ("yến", "iến"), ("thy", "thi")]
        {
            assert_ne!(spelled(a), spelled(b), "{a} {b}");
        }
    }

    #[test]
    fn look_alikes_are_foreign_and_diacritics_are_not() {
        for clean in ["Nguyễn Đặng", "H' Ñŭ Čĕĭ", "Søren Müller", "Nguye\u{302}\u{303}n"] {
            assert!(!has_foreign_letter(clean), "{clean}");
        }
        for bad in
            ["Nguyễn V\u{430}n", "B\u{130}nh", "bi\u{307}nh", "B\u{131}nh", "Ａn", "\u{189}ặng", "\u{d0}ặng", "王"]
        {
            assert!(has_foreign_letter(bad), "{bad}");
        }
        assert!(is_plain("Nguyen Van An") && is_plain("H\u{2019} \u{2bc}An") && !is_plain("Nguyen Đ"));
    }

    #[test]
    fn search_forms() {
        assert_eq!(search_form("Xã Chân Mây – Lăng Cô"), "xa chan mai lang co");
        assert_eq!(search_form("Ea H’leo"), search_form("ea h'LEO"));
        assert_eq!(spelled_form("Biên Hoà"), spelled_form("BIÊN HÒA"));
        assert_ne!(spelled_form("Lộc Thành"), spelled_form("Lộc Thạnh"));
    }
}
