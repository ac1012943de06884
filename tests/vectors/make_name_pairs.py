#!/usr/bin/env python3
"""Makes name_pairs.csv, the labelled set that measures the matching engine.

    python3 tests/vectors/make_name_pairs.py > tests/vectors/name_pairs.csv

A label comes from how the pair was made: a recorded name is drawn, one known change is applied, and
the change says the tier (docs/matching.md). The engine is never asked; this script shares no code
with it, not even a language. Pairs written by hand (name_pairs_hand.txt) go in first. The people are
invented: names are drawn from lists. The seed is fixed, so the output is the same every time.
"""
import csv
import os
import random
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20261121

SURNAMES = "Nguyễn Trần Lê Phạm Phan Hoàng Huỳnh Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý".split()
MIDDLES = "Văn Thị Hữu Đức Ngọc Minh Thanh Quốc Xuân Kim Gia Bảo Đình Mạnh Tuấn Hồng Phương".split()
GIVEN = """An Bình Cường Dũng Đạt Giang Hạnh Hiếu Hùng Hương Khánh Lan Linh Long Mai Nam Nga Nhung Oanh
Phúc Quân Quỳnh Sơn Tâm Thảo Thắng Trang Trung Tuyết Uyên Vân Việt Xuyến Yến Đào Đông Ánh Ước""".split()
# Syllables whose tone mark has two customary places: (new style, old style).
TONED = [("Hoà", "Hòa"), ("Thuý", "Thúy"), ("Thuỳ", "Thùy"), ("Thuỷ", "Thủy"), ("Khoẻ", "Khỏe"), ("Toà", "Tòa"),
         ("Hoá", "Hóa"), ("Hoạ", "Họa"), ("Hoè", "Hòe"), ("Thuỵ", "Thụy"), ("Huỷ", "Hủy"), ("Luỹ", "Lũy")]
# Syllables written with y or i alike.
WITH_Y = [("Mỹ", "Mĩ"), ("Kỳ", "Kì"), ("Lý", "Lí"), ("Sỹ", "Sĩ"), ("Vỹ", "Vĩ"), ("Quý", "Quí"), ("Hỷ", "Hỉ"),
          ("Tý", "Tí"), ("My", "Mi"), ("Vy", "Vi"), ("Ly", "Li"), ("Kỹ", "Kĩ")]
PARTICLES = ["H'", "K'"]
HIGHLAND_GIVEN = "Test Brơi Bin Ñoi Hoan Yéo Čil Blŭng Nŏ".split()
HIGHLAND_CLANS = "Êban Niê Mlô Kbuôr Ksơr Byă".split()
APOSTROPHES = ["’", "‘", "ʼ", "`", "´"]
# Given names no single slip makes out of one another.
FAR_APART = "Bình Cường Dũng Giang Hạnh Long Phúc Quỳnh Trang Tuyết Việt Xuyến".split()
LOOK_ALIKES = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "x": "х", "i": "і", "A": "А", "T": "Т", "H": "Н",
               "B": "В", "K": "К", "M": "М", "N": "Ν"}


def plain(text):
    text = text.replace("đ", "d").replace("Đ", "D")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def marked(word):
    return plain(word) != word


class Maker:
    def __init__(self):
        self.random = random.Random(SEED)

    def pick(self, items):
        return self.random.choice(items)

    def name(self, middles=None, given=None):
        """A name whose words all differ, with at least one mark, so that changes show."""
        while True:
            count = self.pick([1, 1, 1, 2]) if middles is None else middles
            words = [self.pick(SURNAMES), *self.random.sample(MIDDLES, count), given or self.pick(GIVEN)]
            if len(set(map(plain, words))) == len(words) and any(map(marked, words)):
                return words

    def highland(self):
        return f"{self.pick(PARTICLES)}{self.pick(HIGHLAND_GIVEN)} {self.pick(HIGHLAND_CLANS)}"

    # --- exact -------------------------------------------------------------------------------
    def case(self):
        name = " ".join(self.name())
        return self.pick([str.upper, str.lower, str.swapcase])(name), name

    def form(self):
        name = " ".join(self.name())
        return unicodedata.normalize("NFD", self.pick([name, name.upper()])), name

    def spaces(self):
        words = self.name()
        gap = self.pick(["  ", "   ", "\u00a0", " \u2003"])
        return self.pick(["", " "]) + gap.join(words) + self.pick(["", "  "]), " ".join(words)

    # --- equivalent --------------------------------------------------------------------------
    def two_ways(self, pairs):
        pair = list(self.pick(pairs))
        self.random.shuffle(pair)
        a = self.name(given=pair[0])
        b = a[:-1] + [pair[1]]
        if self.random.random() < 0.3:
            a, b = [a[0], a[-1], *a[1:-1]], [b[0], b[-1], *b[1:-1]]
        given = " ".join(a)
        return self.pick([given, given, given.upper()]), " ".join(b)

    def tone(self):
        return self.two_ways(TONED)

    def i_or_y(self):
        return self.two_ways(WITH_Y)

    def apostrophe(self):
        name = self.highland()
        other = self.pick(APOSTROPHES + ["-", "' ", "’ ", " "])
        return name.replace("'", other), name

    def no_marks(self):
        name = self.highland() if self.random.random() < 0.15 else " ".join(self.name())
        given = plain(name)
        if not marked(name):
            return self.no_marks()
        return self.pick([given, given.upper()]), name

    def no_marks_toned(self):
        words = self.name(given=self.pick(self.pick([TONED, WITH_Y]))[0])
        return plain(" ".join(words)).upper(), " ".join(words)

    def no_marks_no_spaces(self):
        words = self.name()
        return plain("".join(words)).upper(), " ".join(words)

    # --- close -------------------------------------------------------------------------------
    def order(self):
        words = self.name()
        other = words[:]
        while other == words:
            other = self.pick([[words[-1], *words[:-1]], words[::-1], words[1:] + words[:1],
                               self.random.sample(words, len(words))])
        given = " ".join(other)
        return self.pick([given, plain(given).upper()]), " ".join(words)

    def one_letter(self):
        """One base letter of the given name dropped, doubled or swapped; no mark is touched."""
        words = self.name(given=self.pick([name for name in GIVEN if len(name) >= 4]))
        word = words[-1]
        index = self.random.randrange(len(word) - 1)
        change = self.pick(["drop", "double", "swap"])
        bare = [i for i in range(len(word)) if not marked(word[i])]
        index = self.pick(bare)
        if change == "swap":
            pairs = [i for i in bare if i + 1 in bare and word[i].lower() != word[i + 1].lower()
                     and not (is_vowel(word[i]) or is_vowel(word[i + 1]))]
            if not pairs:
                return self.one_letter()
            index = self.pick(pairs)
            other = word[:index] + word[index + 1] + word[index] + word[index + 2:]
        elif change == "drop":
            other = word[:index] + word[index + 1:]
        else:
            other = word[:index] + word[index] + word[index:]
        given = " ".join(words[:-1] + [other])
        return self.pick([given, plain(given).upper()]), " ".join(words)

    def one_tone(self):
        """The tone of one syllable that is no family name changed."""
        words = self.name(given=self.pick("Thanh Hùng Dũng Hương Long Bình Thắng Trang Phúc".split()))
        decomposed = unicodedata.normalize("NFD", words[-1])
        tones = "\u0300\u0301\u0303\u0309\u0323"
        bare = "".join(c for c in decomposed if c not in tones)
        vowels = [i for i, c in enumerate(bare) if plain(c).lower() in "aeiouy"]
        last = vowels[-1] + 1
        while last < len(bare) and unicodedata.combining(bare[last]):
            last += 1
        toned = {unicodedata.normalize("NFC", bare[:last] + tone + bare[last:]) for tone in tones} | {bare}
        other = self.pick(sorted(toned - {words[-1], unicodedata.normalize("NFC", words[-1])}))
        other = unicodedata.normalize("NFC", other)
        if not any(map(marked, words[:-1] + [other])):
            return self.one_tone()
        return " ".join(words[:-1] + [other]), " ".join(words)

    def one_bare_syllable(self):
        """One syllable lost its marks, another kept some."""
        words = self.name()
        candidates = [i for i, word in enumerate(words) if marked(word)]
        if len(candidates) < 2:
            return self.one_bare_syllable()
        index = self.pick(candidates)
        return " ".join(plain(word) if i == index else word for i, word in enumerate(words)), " ".join(words)

    def middle(self):
        words = self.name(middles=self.pick([1, 2, 2]))
        index = self.random.randrange(1, len(words) - 1)
        short, long = " ".join(words[:index] + words[index + 1:]), " ".join(words)
        if self.random.random() < 0.3:
            return long, short
        if marked(short):
            return self.pick([short, plain(short).upper()]), long
        return short, long

    # --- mismatch ----------------------------------------------------------------------------
    def twin_surname(self):
        a, b = self.pick([("Vũ", "Võ"), ("Võ", "Vũ"), ("Hoàng", "Huỳnh"), ("Huỳnh", "Hoàng"), ("Phan", "Phạm"),
                          ("Phạm", "Phan"), ("Lê", "Lý"), ("Hồ", "Đỗ")])
        words = self.name()[1:]
        given, record = " ".join([a, *words]), " ".join([b, *words])
        return self.pick([given, given.upper(), plain(given).upper()]), record

    def other_given(self):
        a, b = self.random.sample(FAR_APART, 2)
        words = self.name(given=a)
        given, record = " ".join(words), " ".join(words[:-1] + [b])
        if plain(b) in map(plain, words):
            return self.other_given()
        return self.pick([given, given.upper(), plain(given).upper()]), record

    def other_surname(self):
        words = self.name()
        other = self.pick([name for name in SURNAMES if name != words[0]])
        given = " ".join([other, *words[1:]])
        return self.pick([given, plain(given).upper()]), " ".join(words)

    def two_tones(self):
        """Marks of two syllables contradict, the given name being written with marks."""
        a, b = self.pick([("Thanh Bình", "Thạnh Binh"), ("Thành Long", "Thanh Lòng"), ("Hồng Hạnh", "Hống Hành"),
                          ("Đức Dũng", "Đực Dụng"), ("Ngọc Hương", "Ngóc Hường"), ("Quốc Hùng", "Quộc Hừng"),
                          ("Mạnh Cường", "Mành Cưỡng"), ("Minh Phúc", "Mình Phục")])
        surname = self.pick(["Nguyễn", "Trần", "Phạm", "Đặng", "Bùi"])
        pair = [f"{surname} {a}", f"{surname} {b}"]
        self.random.shuffle(pair)
        return tuple(pair)

    def stranger(self):
        a, b = self.name(), self.name()
        if a[0] == b[0] or plain(a[-1])[0] == plain(b[-1])[0]:
            return self.stranger()
        given = " ".join(a)
        return self.pick([given, given.upper(), plain(given).upper()]), " ".join(b)

    def look_alike(self):
        name = " ".join(self.name())
        spots = [i for i, c in enumerate(name) if c in LOOK_ALIKES]
        if not spots:
            return self.look_alike()
        spot = self.pick(spots)
        return name[:spot] + LOOK_ALIKES[name[spot]] + name[spot + 1:], name


def is_vowel(letter):
    return plain(letter).lower() in "aeiouy"


PLAN = [
    ("exact", "case", Maker.case, 150), ("exact", "unicode form", Maker.form, 150),
    ("exact", "spaces", Maker.spaces, 100),
    ("equivalent", "tone placement", Maker.tone, 170), ("equivalent", "i and y", Maker.i_or_y, 130),
    ("equivalent", "apostrophes and hyphens", Maker.apostrophe, 100),
    ("equivalent", "no diacritics", Maker.no_marks, 200),
    ("equivalent", "no diacritics, variant syllables", Maker.no_marks_toned, 60),
    ("equivalent", "no diacritics and no spaces", Maker.no_marks_no_spaces, 100),
    ("close", "word order", Maker.order, 120), ("close", "one letter", Maker.one_letter, 150),
    ("close", "one tone", Maker.one_tone, 100), ("close", "one bare syllable", Maker.one_bare_syllable, 80),
    ("close", "middle name", Maker.middle, 130),
    ("mismatch", "different family names", Maker.twin_surname, 120),
    ("mismatch", "other family name", Maker.other_surname, 120),
    ("mismatch", "other given name", Maker.other_given, 150),
    ("mismatch", "two contradicting syllables", Maker.two_tones, 60),
    ("mismatch", "strangers", Maker.stranger, 200), ("mismatch", "look-alike letters", Maker.look_alike, 80),
]


def hand_written():
    tier = group = None
    with open(os.path.join(HERE, "name_pairs_hand.txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("["):
                tier, group = line[1:].split("] ", 1)
            elif line.strip() and not line.startswith("#"):
                given, record = line.split("|")
                yield given.removesuffix(" "), record.removeprefix(" "), tier, group, "hand"


def main():
    maker = Maker()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["given", "record", "tier", "group", "source"])
    seen = set()
    for row in hand_written():
        seen.add(row[:2])
        out.writerow(row)
    for tier, group, make, count in PLAN:
        made = 0
        while made < count:
            pair = make(maker)
            if pair in seen or pair[0] == pair[1]:
                continue
            seen.add(pair)
            out.writerow([*pair, tier, group, "made"])
            made += 1


if __name__ == "__main__":
    main()
