package x86

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// BenchmarkDecode decodes the text of gofmt.
func BenchmarkDecode(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	text, addr := textOf(b, filepath.Join(strings.TrimSpace(string(out)), "bin/gofmt"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = 0
		var in isa.Inst
		for i := 0; i < len(text); {
			if Decode(&in, text[i:], addr+uint64(i)) != nil {
				i++
				continue
			}
			i += int(in.Len)
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/instruction")
}
