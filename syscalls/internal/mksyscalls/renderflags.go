package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
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

// flagText writes a set as package syscalls reads it: parts divided by ";", each
// MASK:NAME=VALUE NAME=VALUE…, in hexadecimal digits.
func (d *dataset) flagText(s *flagSet, arch string) (string, error) {
	all := d.values(arch)
	if other := smaller[arch]; s.sized && other != "" {
		others := d.values(other)
		maps.DeleteFunc(all, func(name string, v uint64) bool { return others[name] != v })
	}
	var parts []string
	for _, p := range s.parts {
		mask := p.mask
		if p.macro != "" {
			v, ok := all[p.macro]
			if !ok {
				return "", p.errorf("%s: no value for the mask %s", arch, p.macro)
			}
			mask = v
		}
		var flags []string
		for _, f := range p.flags(all) {
			if mask != 0 && mask != ^uint64(0) && f.value&^mask != 0 {
				return "", p.errorf("%s: %s = %#x is not within the mask %#x", arch, f.name, f.value, mask)
			}
			flags = append(flags, fmt.Sprintf("%s=%x", f.name, f.value))
		}
		if len(flags) > 0 {
			parts = append(parts, fmt.Sprintf("%x:%s", mask, strings.Join(flags, " ")))
		}
	}
	return strings.Join(parts, ";"), nil
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

// renderFlags writes the flag sets, each text once with the architectures that
// have it.
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
		texts := map[string]uint16{}
		var order []string
		for bit, a := range d.arches {
			text, err := d.flagText(s, a.name)
			if err != nil {
				return nil, err
			}
			if texts[text] == 0 {
				order = append(order, text)
			}
			texts[text] |= 1 << bit
		}
		for _, text := range order {
			fmt.Fprintf(&b, "{%#04x, \"\" +\n%s},\n", texts[text], wrapString(text))
		}
		b.WriteString("}},\n")
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}
