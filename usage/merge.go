package usage

import (
	"fmt"
	"io"
	"slices"
)

// Bounds are how much a Merger keeps, so that its memory and its result do not
// grow with the number of what it merges. What lies beyond is left out by a rule
// that depends on nothing but what it is: the same is kept in whatever order the
// usages come, and calls are counted whether their stacks are kept or not.
type Bounds struct {
	Programs   int // programs that are told apart: more are an error
	Recordings int // descriptions of recordings, for each program
	Seen       int // recordings that are known again, all in all
	Stacks     int // for each call of a program
	Values     int // for each argument of a call: more are "any"
	Places     int // evidence, packages and unresolved places, each
}

// DefaultBounds are those of "curb merge".
var DefaultBounds = Bounds{Programs: 256, Recordings: 1 << 14, Seen: 1 << 20, Stacks: 128, Values: 64, Places: 256}

// A Merger unites usages. What it makes does not depend on the order in which
// they come. It is not safe for use by several goroutines.
type Merger struct {
	// Together unites the programs of an architecture, too. Stacks then say which
	// binary they are of, and have no addresses.
	Together bool
	// Only, if set, says which usages are merged. The others are left out.
	Only func(*Usage) bool
	// Bounds must not change once something was added.
	Bounds Bounds

	programs map[program]*united
	seen     map[string]int // recordings by ID: the file that they came in
	files    int
	unsure   bool
}

// A program is what usages have in common that are united.
type program struct{ arch, binary, goVersion, sha256 string }

// NewMerger returns a Merger with the DefaultBounds.
func NewMerger() *Merger { return &Merger{Bounds: DefaultBounds} }

// Read adds the usages of one file. It returns how many of them were left out
// since all of their recordings came with an earlier file. A usage that has some
// recordings of an earlier file and some others is an error: what both have would
// be counted twice, and cannot be taken out. After an error the Merger is of no
// use.
func (m *Merger) Read(r io.Reader) (again int, err error) {
	m.begin()
	d := NewDecoder(r)
	for {
		u, err := d.Decode()
		if err == io.EOF {
			return again, nil
		}
		if err != nil {
			return again, err
		}
		known, err := m.add(u)
		if err != nil {
			return again, err
		}
		if known {
			again++
		}
	}
}

// Add adds usages as if they were one file: see Read. They are the caller's.
func (m *Merger) Add(usages ...*Usage) (again int, err error) {
	m.begin()
	for _, u := range usages {
		known, err := m.add(u)
		if err != nil {
			return again, err
		}
		if known {
			again++
		}
	}
	return again, nil
}

// Unsure reports whether there were more recordings than can be known again, so
// that some could have been merged twice unnoticed.
func (m *Merger) Unsure() bool { return m.unsure }

// Usages returns what was united: a usage for each program, sorted by
// architecture and name.
func (m *Merger) Usages() []*Usage {
	var all []*Usage
	for _, p := range m.programs {
		all = append(all, p.usage())
	}
	slices.SortFunc(all, comparePrograms)
	return all
}

func (m *Merger) begin() {
	m.files++
	if m.programs == nil {
		m.programs, m.seen = map[program]*united{}, map[string]int{}
	}
}

func (m *Merger) add(u *Usage) (known bool, err error) {
	if m.Only != nil && !m.Only(u) {
		return false, nil
	}
	known, err = m.meet(u.Recordings)
	if known || err != nil {
		return known, err
	}
	key := program{arch: u.Arch}
	switch {
	case m.Together:
	case u.SHA256 != "":
		key.sha256 = u.SHA256
	default:
		key.binary, key.goVersion = u.Binary, u.GoVersion
	}
	p := m.programs[key]
	if p == nil {
		if len(m.programs) == m.Bounds.Programs {
			return false, fmt.Errorf("there are more than %d programs to be told apart: --together unites them", m.Bounds.Programs)
		}
		p = newUnited(&m.Bounds, m.Together)
		m.programs[key] = p
	}
	p.add(u, m.files)
	return false, nil
}

// meet remembers recordings, and reports whether all are of earlier files.
func (m *Merger) meet(recordings []Recording) (known bool, err error) {
	var old, other string
	for i := range recordings {
		id := recordings[i].ID
		file, ok := m.seen[id]
		switch {
		case ok && file < m.files:
			old = id
			continue
		case !ok && len(m.seen) < m.Bounds.Seen:
			m.seen[id] = m.files
		case !ok:
			m.unsure = true
		}
		other = id
	}
	if old != "" && other != "" {
		return false, fmt.Errorf("it unites recording %s, which an earlier file has too, with %s, which none has: "+
			"the first would be counted twice (merge the files that it was made of, or leave out the earlier one)", old, other)
	}
	return old != "", nil
}
