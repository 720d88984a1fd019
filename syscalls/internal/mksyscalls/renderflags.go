package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// values gives all constants of an architecture: those of golang.org/x/sys, and
// those by hand instead.
func (d *dataset) values(arch string) map[string]uint64 {
	values := map[string]uint64{}
	for name, byArch := range d.constants {
		if v, ok := byArch[arch]; ok {
			values[name] = v
		}
	}
	for name, byArch := range d.flagSets.consts {
		delete(values, name)
		if v, ok := byArch[arch]; ok {
			values[name] = v
		}
	}
	return values
}

// smaller is for each companion an architecture whose C types have the sizes of
// the companion's. Constants that hold a size and differ there are not known.
var smaller = map[string]string{"x32": "386", "n32": "mips", "n32le": "mipsle"}

// A boundFlag is a constant in a set: in which part, and on which architectures
// it has that value.
type boundFlag struct {
	namedValue
	mask  uint64 // of the part
	archs uint16
}

// flagsOn gives the flags of a set on one architecture, in the order of its parts
// and terms.
func (d *dataset) flagsOn(s *flagSet, arch string) ([]boundFlag, error) {
	all := d.values(arch)
	if other := smaller[arch]; s.sized && other != "" {
		others := d.values(other)
		maps.DeleteFunc(all, func(name string, v uint64) bool { return others[name] != v })
	}
	var flags []boundFlag
	for _, p := range s.parts {
		mask := p.mask
		if p.macro != "" {
			v, ok := all[p.macro]
			if !ok {
				return nil, p.errorf("%s: no value for the mask %s", arch, p.macro)
			}
			mask = v
		}
		for _, f := range p.flags(all) {
			if mask != 0 && f.value&^mask != 0 {
				return nil, p.errorf("%s: %s = %#x is not within the mask %#x", arch, f.name, f.value, mask)
			}
			flags = append(flags, boundFlag{f, mask, 0})
		}
	}
	return flags, nil
}

// flagGroups divides the flags of a set by the architectures that have them, so
// that each is written once. Those of few architectures come first.
func (d *dataset) flagGroups(s *flagSet) ([][]boundFlag, error) {
	var order []boundFlag
	byArch := make([][]boundFlag, len(d.arches))
	for bit, a := range d.arches {
		flags, err := d.flagsOn(s, a.name)
		if err != nil {
			return nil, err
		}
		byArch[bit] = flags
		for _, f := range flags {
			i := slices.IndexFunc(order, func(g boundFlag) bool { return g.namedValue == f.namedValue && g.mask == f.mask })
			if i < 0 {
				i = len(order)
				order = append(order, f)
			}
			order[i].archs |= 1 << bit
		}
	}
	slices.SortStableFunc(order, func(f, g boundFlag) int {
		return cmp.Or(bits.OnesCount16(f.archs)-bits.OnesCount16(g.archs), cmp.Compare(f.archs, g.archs))
	})
	for bit, want := range byArch {
		got := slices.DeleteFunc(slices.Clone(order), func(f boundFlag) bool { return f.archs>>bit&1 == 0 })
		for _, f := range want {
			if g, w := preferred(got, f), preferred(want, f); g != w {
				return nil, s.errorf("%s: %s would be written as %s, since it has that value on fewer architectures: leave one out", d.arches[bit].name, w, g)
			}
		}
	}
	var groups [][]boundFlag
	for _, f := range order {
		if n := len(groups); n == 0 || groups[n-1][0].archs != f.archs {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], f)
	}
	return groups, nil
}

// preferred gives the name that is written for a flag's value.
func preferred(flags []boundFlag, of boundFlag) string {
	i := slices.IndexFunc(flags, func(f boundFlag) bool { return f.value == of.value && f.mask == of.mask })
	return flags[i].name
}

// flagText writes a group as package syscalls reads it: parts divided by ";", each
// MASK:NAME=VALUE NAME=VALUE…, in hexadecimal digits.
func flagText(group []boundFlag) string {
	var b strings.Builder
	for i, f := range group {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "%x:", f.mask)
		case f.mask != group[i-1].mask:
			fmt.Fprintf(&b, ";%x:", f.mask)
		default:
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%x", f.name, f.value)
	}
	return b.String()
}

// checkFlags reports terms, constants and arguments that are about nothing.
func (d *dataset) checkFlags() error {
	var errs []error
	names := map[string]bool{}
	for _, a := range d.arches {
		for name := range d.values(a.name) {
			names[name] = true
		}
	}
	for _, s := range d.flagSets.sets {
		for _, p := range s.parts {
			for _, t := range p.terms {
				if !t.not && !slices.ContainsFunc(slices.Collect(maps.Keys(names)), t.pattern.MatchString) {
					errs = append(errs, p.errorf("%s: no constant is called so", t.text))
				}
			}
		}
		for _, arg := range s.args {
			if !d.hasArg(arg) {
				errs = append(errs, s.errorf("%s: no call has an argument of that name", arg))
			}
		}
	}
	for _, h := range d.flagSets.hand {
		if !d.flagSets.mention(h.target.name) {
			errs = append(errs, h.errorf("%s is in no set", h.target.name))
		}
		if maps.Equal(d.constants[h.target.name], d.flagSets.consts[h.target.name]) {
			errs = append(errs, h.errorf("%s has these values without this line: take it out", h.target.name))
		}
	}
	return errors.Join(errs...)
}

func (d *dataset) hasArg(arg string) bool {
	name, of, _ := strings.Cut(arg, ".")
	if name == "level" { // the options of a level of sockets
		return d.flagSets.mention(of)
	}
	return slices.ContainsFunc(d.tables, func(t *table) bool {
		return slices.ContainsFunc(t.calls, func(c call) bool {
			return c.name == name && slices.ContainsFunc(c.params, func(p param) bool { return p.name == of })
		})
	})
}

// renderFlags writes the flag sets.
func (d *dataset) renderFlags() ([]byte, error) {
	if err := d.checkFlags(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(generated + "package syscalls\n\n")
	b.WriteString("// flagArgs says which set is for which argument, sorted: CALL.ARGUMENT and the\n// position in flagSets.\nvar flagArgs = [...]struct{ arg string; set uint8 }{\n")
	sets := map[string]int{}
	for i, s := range d.flagSets.sets {
		for _, arg := range s.args {
			sets[arg] = i
		}
	}
	for _, arg := range slices.Sorted(maps.Keys(sets)) {
		fmt.Fprintf(&b, "{%q, %d},\n", arg, sets[arg])
	}
	b.WriteString("}\n\n// flagSets is flagsets.txt. The bits of archs are the positions in archs.\nvar flagSets = [...]struct{ name string; texts []flagText }{\n")
	for _, s := range d.flagSets.sets {
		fmt.Fprintf(&b, "{%q, []flagText{\n", s.name)
		groups, err := d.flagGroups(s)
		if err != nil {
			return nil, err
		}
		for _, group := range groups {
			fmt.Fprintf(&b, "{%#04x, \"\" +\n%s},\n", group[0].archs, wrapString(flagText(group)))
		}
		b.WriteString("}},\n")
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}
