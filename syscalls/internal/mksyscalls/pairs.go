package main

// registers is how many arguments a filter sees (struct seccomp_data).
const registers = 6

// inRegisters gives the arguments as a filter sees them: one a register. On a
// 32-bit architecture a 64-bit one takes two, in the order of the bytes, and
// where the ABI wants it a register stays free before them. What comes to lie
// behind the sixth is not seen.
func (a *arch) inRegisters(params []param) []param {
	if a.bits == 64 {
		return params
	}
	var seen []param
	for _, p := range params {
		if !longLong[p.typ] {
			seen = append(seen, p)
			continue
		}
		if a.pairs == "even" && len(seen)%2 != 0 {
			seen = append(seen, param{"pad", "u32"})
		}
		lo, hi := param{p.name + "_lo", "u32"}, param{p.name + "_hi", "u32"}
		if a.bigEndian() {
			lo, hi = hi, lo
		}
		seen = append(seen, lo, hi)
	}
	return seen[:min(len(seen), registers)]
}

// longLong is the types that have 64 bits on 32-bit architectures too.
var longLong = map[string]bool{"loff_t": true, "u64": true, "__u64": true}
