package main

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const flagSetsFile = "flagsets.txt"

// flagSets is flagsets.txt.
type flagSets struct {
	sets   []*flagSet
	consts constants // by hand
	hand   []*handLine
}

// A flagSet is the names for the values of some arguments.
type flagSet struct {
	line
	name  string
	args  []string // "openat.flags"
	sized bool
	parts []flagPart
}

// A flagPart is names that exclude each other, within a mask, or for a mask of
// 0 names that can be ORed.
type flagPart struct {
	line
	mask  uint64
	macro string // the constant that is the mask, instead
	terms []flagTerm
}

type flagTerm struct {
	text    string
	name    bool // a name, not a pattern
	not     bool
	pattern *regexp.Regexp
}

// A namedValue is one constant.
type namedValue struct {
	name  string
	value uint64
}

var flagName = regexp.MustCompile(`^\w+$`)

func readFlagSets(path string, arches []*arch) (*flagSets, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseFlagSets(lines, arches)
}

func parseFlagSets(lines []line, arches []*arch) (*flagSets, error) {
	s := &flagSets{consts: constants{}}
	for _, l := range lines {
		f := strings.Fields(l.text)
		if f[0] == "const" {
			text, reason, err := l.reason()
			if err != nil {
				return nil, err
			}
			name, values, err := l.constant(strings.TrimPrefix(text, "const "), arches)
			if err != nil {
				return nil, err
			}
			s.consts[name] = values
			s.hand = append(s.hand, &handLine{line: l, target: target{name: name}, reason: reason})
			continue
		}
		if f[0] == "set" {
			if len(f) < 3 {
				return nil, l.errorf("%q is not: set NAME CALL.ARGUMENT…", l.text)
			}
			s.sets = append(s.sets, &flagSet{line: l, name: f[1], args: f[2:]})
			continue
		}
		if len(s.sets) == 0 {
			return nil, l.errorf("%q belongs to no set", l.text)
		}
		if err := s.sets[len(s.sets)-1].parse(l, f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *flagSet) parse(l line, f []string) error {
	part := flagPart{line: l}
	terms := f[1:]
	switch f[0] {
	case "sized":
		s.sized = true
		return nil
	case "values":
		part.mask = ^uint64(0)
	case "flags":
	case "field":
		if len(f) < 3 {
			return l.errorf("%q is not: field MASK TERM…", l.text)
		}
		mask, err := strconv.ParseUint(f[1], 0, 64)
		if err != nil {
			part.macro = f[1]
		}
		part.mask, terms = mask, f[2:]
	default:
		return l.errorf("%q is none of: set, sized, values, flags, field, const", l.text)
	}
	for _, text := range terms {
		term := flagTerm{text: text, name: flagName.MatchString(text)}
		text, term.not = strings.CutPrefix(text, "-")
		var err error
		if term.pattern, err = regexp.Compile("^(" + text + ")$"); err != nil {
			return l.errorf("%w", err)
		}
		part.terms = append(part.terms, term)
	}
	s.parts = append(s.parts, part)
	return nil
}

// mention says whether a set asks for a constant.
func (s *flagSets) mention(name string) bool {
	return slices.ContainsFunc(s.sets, func(set *flagSet) bool {
		return slices.ContainsFunc(set.parts, func(p flagPart) bool {
			return p.macro == name || p.takes(name)
		})
	})
}

func (p *flagPart) takes(name string) bool {
	taken := false
	for _, t := range p.terms {
		if t.pattern.MatchString(name) {
			if t.not {
				return false
			}
			taken = true
		}
	}
	return taken
}

// flags gives the constants of a part in the order of its terms, and those of
// one term by value.
func (p *flagPart) flags(all map[string]uint64) []namedValue {
	var flags []namedValue
	seen := map[string]bool{}
	for _, t := range p.terms {
		if t.not {
			continue
		}
		var found []namedValue
		for name, value := range all {
			if t.pattern.MatchString(name) && !seen[name] && p.takes(name) {
				seen[name] = true
				found = append(found, namedValue{name, value})
			}
		}
		slices.SortFunc(found, func(a, b namedValue) int {
			return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.name, b.name))
		})
		flags = append(flags, found...)
	}
	return flags
}
