package main

import (
	"slices"
	"strconv"
	"strings"
)

// auditLittleEndian is __AUDIT_ARCH_LE of linux/audit.h.
const auditLittleEndian = 0x40000000

// An arch is one line of architectures.txt.
type arch struct {
	name      string // GOARCH's, or a companion's
	auditName string // AUDIT_ARCH_…
	audit     uint32

	companionOf string // "" for an architecture of Go
	base        uint32 // added to the numbers of the kernel's table
	bits        int    // of a register
	pairs       string // how a 64-bit argument lies in two: "packed", "even"
	tableFile   string // in the kernel's source
	abis        []string
	sourceDir   string
	headerFile  string            // relative to an include directory; "" when not read
	macros      map[string]string // defined before the header is read
}

func (a *arch) bigEndian() bool { return a.audit&auditLittleEndian == 0 }

// goName gives the exported Go name of the architecture's table.
func (a *arch) goName() string {
	if a.name[0] >= '0' && a.name[0] <= '9' {
		return "I" + a.name // 386
	}
	return strings.ToUpper(a.name)
}

func archNamed(arches []*arch, name string) *arch {
	i := slices.IndexFunc(arches, func(a *arch) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	return arches[i]
}

// ofGo gives the architectures that are not companions.
func ofGo(arches []*arch) []*arch {
	return slices.DeleteFunc(slices.Clone(arches), func(a *arch) bool { return a.companionOf != "" })
}

func readArches(path string) ([]*arch, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	var arches []*arch
	for _, l := range lines {
		a, err := parseArch(l)
		if err != nil {
			return nil, err
		}
		if archNamed(arches, a.name) != nil {
			return nil, l.errorf("%s is there twice", a.name)
		}
		if a.companionOf != "" && archNamed(arches, a.companionOf) == nil {
			return nil, l.errorf("%s is a companion of %s, which is not above it", a.name, a.companionOf)
		}
		arches = append(arches, a)
	}
	if !slices.IsSortedFunc(ofGo(arches), func(a, b *arch) int { return strings.Compare(a.name, b.name) }) {
		return nil, lines[0].errorf("the architectures of Go are not sorted by name")
	}
	if len(arches) > 16 {
		return nil, lines[16].errorf("more architectures than the 16 bits in which the names' architectures are kept")
	}
	return arches, nil
}

func parseArch(l line) (*arch, error) {
	f := strings.Fields(l.text)
	if len(f) < 2 {
		return nil, l.errorf("want: NAME AUDIT_ARCH_NAME=VALUE KEY=VALUE…")
	}
	a := &arch{name: f[0], bits: 64, macros: map[string]string{}}
	name, value, _ := strings.Cut(f[1], "=")
	audit, err := strconv.ParseUint(value, 0, 32)
	if err != nil || !strings.HasPrefix(name, "AUDIT_ARCH_") {
		return nil, l.errorf("%q is not AUDIT_ARCH_NAME=VALUE", f[1])
	}
	a.auditName, a.audit = name, uint32(audit)
	for _, field := range f[2:] {
		key, value, _ := strings.Cut(field, "=")
		if value == "" || !a.set(key, value) {
			return nil, l.errorf("%q is none of of=, base=, bits=, pairs=, table=, abis=, source=, header= with a good value", field)
		}
	}
	if a.tableFile == "" || len(a.abis) == 0 || a.sourceDir == "" {
		return nil, l.errorf("%s lacks table=, abis= or source=", a.name)
	}
	if (a.bits == 32) != (a.pairs != "") {
		return nil, l.errorf("%s: pairs= is for registers of 32 bits, and needed there", a.name)
	}
	return a, nil
}

// set takes in one KEY=VALUE and says whether it is good.
func (a *arch) set(key, value string) bool {
	switch key {
	case "of":
		a.companionOf = value
	case "base":
		base, err := strconv.ParseUint(value, 0, 32)
		a.base = uint32(base)
		return err == nil
	case "bits":
		a.bits = 32
		return value == "32"
	case "pairs":
		a.pairs = value
		return value == "packed" || value == "even"
	case "table":
		a.tableFile = value
	case "abis":
		a.abis = strings.Split(value, ",")
	case "source":
		a.sourceDir = value
	case "header":
		list := strings.Split(value, ",")
		a.headerFile = list[0]
		for _, m := range list[1:] {
			name, value, _ := strings.Cut(m, "=")
			a.macros[name] = value
		}
	default:
		return false
	}
	return true
}
