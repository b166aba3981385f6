package secret

// finder looks for patterns in one view of a text. Of a pattern of minRun characters
// or more it finds every run of that length, so also a pattern that is cut; a shorter
// one it finds as a whole.
type finder struct {
	view
	ascii [128]int8        // what the view makes of ASCII
	runs  map[uint64]edges // by their hash: two that are equal by chance mask too much
	short []pattern
	// ends has a bit for the last character of every short pattern.
	ends uint64
	// filter has a bit for every run. It shows at once that most places of a text
	// hold none.
	filter []uint64
	shift  uint
}

// pattern is a text of less than minRun characters.
type pattern struct {
	runes []rune
	edges
}

// edges say what is masked beside a pattern in base64.
type edges struct {
	// before and after say that the neighbouring character holds bits of the secret
	// too, beside bits of what stands next to it.
	before, after bool
	// padded says that the `=` behind it tells the length.
	padded bool
}

// base is that of the hash of a run, a polynomial that moves along the text.
const base uint64 = 0x9e3779b97f4a7c15

func newFinder(v view) *finder {
	f := &finder{view: v, runs: map[uint64]edges{}}
	for c := range f.ascii {
		f.ascii[c] = int8(v(rune(c)))
	}
	return f
}

// add adds a pattern, unless it is too short to be masked.
func (f *finder) add(text string, e edges) {
	runes := f.runes(text)
	switch {
	case len(string(runes)) < minForm:
		return
	case len(runes) < minRun:
		f.short = append(f.short, pattern{runes, e})
		f.ends |= 1 << (runes[len(runes)-1] % 64)
		return
	}
	last := len(runes) - minRun
	for i := range last + 1 {
		h := hash(runes[i : i+minRun])
		known := f.runs[h]
		f.runs[h] = edges{
			before: known.before || e.before && i == 0,
			after:  known.after || e.after && i == last,
			padded: known.padded || e.padded && i == last,
		}
	}
}

func hash(run []rune) (h uint64) {
	for _, r := range run {
		h = h*base + uint64(r)
	}
	return h
}

// seal makes the filter. It returns false when there is nothing to look for.
func (f *finder) seal() bool {
	const perRun = 16
	bits := uint(6)
	for 1<<bits < perRun*len(f.runs) {
		bits++
	}
	f.filter, f.shift = make([]uint64, 1<<(bits-6)), 64-bits
	for h := range f.runs {
		at := f.slot(h)
		f.filter[at/64] |= 1 << (at % 64)
	}
	return len(f.runs) > 0 || len(f.short) > 0
}

func (f *finder) slot(h uint64) uint64 { return (h * 0xff51afd7ed558ccd) >> f.shift }

// find appends where the patterns stand in s, its escapes undone or as they are.
func (f *finder) find(s string, unescaped bool, found []span) []span {
	var last ring
	top := hash([]rune{minRun: 0, 0: 1}) // base to the power of minRun
	var h uint64
	n := 0
	for at, size := 0, 0; at < len(s); at += size {
		var r rune
		if c := s[at]; c < 128 && !(unescaped && escapes(c)) {
			r, size = rune(f.ascii[c]), 1
		} else {
			r, size = f.next(s[at:], unescaped)
		}
		if r == skip {
			continue
		}
		slot := &last[n%minRun]
		h = h*base + uint64(r) - uint64(slot.r)*top
		slot.r, slot.from = r, at
		n++
		if f.ends&(1<<(r%64)) != 0 {
			for _, p := range f.short {
				if first := n - len(p.runes); first >= 0 && last.has(first, p.runes) {
					found = append(found, p.span(s, last[first%minRun].from, at+size))
				}
			}
		}
		if bit := f.slot(h); n < minRun || f.filter[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		if e, ok := f.runs[h]; ok {
			found = append(found, e.span(s, last[n%minRun].from, at+size))
		}
	}
	return found
}

// ring keeps the last minRun characters of a text, the one with the number n at
// n%minRun, and where they begin.
type ring [minRun]struct {
	r    rune
	from int
}

// has says whether these characters stand there from the number first on.
func (last *ring) has(first int, runes []rune) bool {
	for i, r := range runes {
		if last[(first+i)%minRun].r != r {
			return false
		}
	}
	return true
}

// span returns a part of s with what its edges add.
func (e edges) span(s string, from, to int) span {
	if e.before && from > 0 && base64Rune(rune(s[from-1])) != skip {
		from--
	}
	if e.after && to < len(s) && base64Rune(rune(s[to])) != skip {
		to++
	}
	for (e.after || e.padded) && to < len(s) && s[to] == '=' {
		to++
	}
	return span{from, to}
}
