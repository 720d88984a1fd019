package syscalls

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A FlagSet is the names that the values of an argument have: "O_RDONLY" and the
// others for openat's flags. It is read-only and safe for use by many goroutines.
type FlagSet struct {
	Name  string // "open", "prot"
	mask  uint64 // the bits that the kernel looks at
	parts []flagPart
}

// A flagPart is the names of values that exclude each other, within a mask; or
// with a mask of 0 the names of values that can be ORed.
type flagPart struct {
	mask  uint64
	flags []Flag
}

// A Flag is one value with its name.
type Flag struct {
	Name  string
	Value uint64
}

// A flagText is a part of a set, as it is written for some architectures.
type flagText struct {
	archs uint16
	text  string // MASK:NAME=VALUE NAME=VALUE…;…
}

// FlagsOf gives the names for the values of argument i of a call, counted from
// 0. It is nil for arguments that have none, as descriptors and addresses.
//
// Values differ between architectures: O_DIRECT is 0x4000 on amd64 and 0x10000 on
// arm64. The set is that of the table, which the call must be from.
//
// It is made anew with each call, in the time of some microseconds: keep it for
// many values. A program that does not use FlagsOf or OptionsOf does not carry the
// names.
func FlagsOf(t *Table, c *Call, i int) *FlagSet {
	args := c.Args()
	if i < 0 || i >= len(args) {
		return nil
	}
	return flagSetOf(t, c.Name+"."+args[i].Name, int(args[i].Width))
}

// OptionsOf gives the names of the options that setsockopt and getsockopt take
// for a level, such as SO_REUSEADDR for SOL_SOCKET. It is nil for a level whose
// options are not known.
func OptionsOf(t *Table, level uint64) *FlagSet {
	return flagSetOf(t, "level."+flagSetOf(t, "setsockopt.level", 32).Format(level), 32)
}

func flagSetOf(t *Table, arg string, width int) *FlagSet {
	i, found := sort.Find(len(flagArgs), func(i int) int { return strings.Compare(arg, flagArgs[i].arg) })
	bit := slices.IndexFunc(archs[:], func(a arch) bool { return a.name == t.Arch })
	if !found || bit < 0 {
		return nil
	}
	set := &flagSets[flagArgs[i].set]
	s := &FlagSet{Name: set.name, mask: ^uint64(0) >> (64 - width)}
	for _, f := range set.texts {
		if f.archs>>bit&1 != 0 {
			s.add(f.text)
		}
	}
	if len(s.parts) == 0 {
		return nil
	}
	return s
}

// add takes in what the generator wrote.
func (s *FlagSet) add(text string) {
	for part := range strings.SplitSeq(text, ";") {
		head, list, _ := strings.Cut(part, ":")
		mask := hex(head) & s.mask
		// The fields by their masks, and what can be ORed (mask 0) behind them.
		i := slices.IndexFunc(s.parts, func(p flagPart) bool { return p.mask-1 >= mask-1 })
		if i < 0 {
			i = len(s.parts)
		}
		if i == len(s.parts) || s.parts[i].mask != mask {
			s.parts = slices.Insert(s.parts, i, flagPart{mask: mask})
		}
		for flag := range strings.SplitSeq(list, " ") {
			name, value, _ := strings.Cut(flag, "=")
			s.parts[i].flags = append(s.parts[i].flags, Flag{name, hex(value) & s.mask})
		}
	}
}

func hex(digits string) uint64 {
	value, _ := strconv.ParseUint(digits, 16, 64)
	return value
}

// Flags gives all names with their values. The slice is the caller's.
func (s *FlagSet) Flags() []Flag {
	var all []Flag
	for _, p := range s.parts {
		all = append(all, p.flags...)
	}
	return all
}

// Format writes a value by its names, "O_WRONLY|O_CREAT|O_CLOEXEC". Bits that have
// none follow in hexadecimal digits. What the kernel does not look at, the upper
// half of an argument with 32 bits, is left out.
func (s *FlagSet) Format(value uint64) string {
	value &= s.mask
	var names []string
	rest := value
	for _, p := range s.parts {
		if p.mask == 0 {
			continue
		}
		if i := slices.IndexFunc(p.flags, func(f Flag) bool { return f.Value == value&p.mask }); i >= 0 {
			names = append(names, p.flags[i].Name)
			rest &^= p.mask
		}
	}
	for _, p := range s.parts {
		if p.mask != 0 {
			continue
		}
		var found []Flag
		found, rest = p.cover(rest)
		for _, f := range found {
			names = append(names, f.Name)
		}
		if len(names) == 0 && rest == 0 {
			if i := slices.IndexFunc(p.flags, func(f Flag) bool { return f.Value == 0 }); i >= 0 {
				names = append(names, p.flags[i].Name)
			}
		}
	}
	if rest != 0 || len(names) == 0 {
		names = append(names, fmt.Sprintf("%#x", rest))
	}
	return strings.Join(names, "|")
}

// cover finds the names for the bits of a value, those of several bits first:
// O_SYNC is O_DSYNC and one bit more. It gives them by value, and what is left.
func (p *flagPart) cover(value uint64) (found []Flag, rest uint64) {
	for {
		most := Flag{}
		for _, f := range p.flags {
			if value&f.Value == f.Value && bits.OnesCount64(f.Value) > bits.OnesCount64(most.Value) {
				most = f
			}
		}
		if most.Value == 0 {
			return found, value
		}
		value &^= most.Value
		i := slices.IndexFunc(found, func(f Flag) bool { return f.Value > most.Value })
		if i < 0 {
			i = len(found)
		}
		found = slices.Insert(found, i, most)
	}
}

// Parse reads what Format writes: names and numbers divided by "|", with blanks
// around them or without. The numbers are Go's. It is an error if a name is not
// in the set, if two names are for the same bits in different ways, as O_RDWR and
// O_WRONLY are, or if a number has more bits than the argument.
func (s *FlagSet) Parse(text string) (uint64, error) {
	var value uint64
	chosen := make([]string, len(s.parts))
	for word := range strings.SplitSeq(text, "|") {
		word = strings.TrimSpace(word)
		v, part, err := s.lookUp(word)
		if err != nil {
			return 0, fmt.Errorf("%q as a value of %s: %w", text, s.Name, err)
		}
		if part >= 0 && s.parts[part].mask != 0 {
			if other := chosen[part]; other != "" && value&s.parts[part].mask != v {
				return 0, fmt.Errorf("%q as a value of %s: %s and %s exclude each other", text, s.Name, other, word)
			}
			chosen[part] = word
		}
		value |= v
	}
	return value, nil
}

// lookUp gives the value of a name or number, and the part that a name is in.
func (s *FlagSet) lookUp(word string) (value uint64, part int, err error) {
	for i, p := range s.parts {
		for _, f := range p.flags {
			if f.Name == word {
				return f.Value, i, nil
			}
		}
	}
	if word == "" {
		return 0, -1, errors.New("a name or a number is missing")
	}
	if v, err := strconv.ParseUint(word, 0, 64); err == nil {
		if v&^s.mask != 0 {
			return 0, -1, fmt.Errorf("%s has more bits than the argument, of which %d count", word, bits.OnesCount64(s.mask))
		}
		return v, -1, nil
	}
	if near := s.nearest(word); near != "" {
		return 0, -1, fmt.Errorf("no value is called %q: did you mean %s?", word, near)
	}
	return 0, -1, fmt.Errorf("no value is called %q, and it is not a number", word)
}

// nearest gives the name that was most likely meant.
func (s *FlagSet) nearest(word string) string {
	word = strings.ToUpper(word)
	best, bestDistance := "", len(word)/3+1
	for _, f := range s.Flags() {
		if d := editDistance(word, f.Name); d < bestDistance {
			best, bestDistance = f.Name, d
		}
	}
	return best
}
