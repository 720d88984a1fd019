package record

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// madeWith is the release of clang with which the objects were made: another one
// makes others of the same source.
const madeWith = "14"

// TestCurrent: the BPF objects are those of the sources.
func TestCurrent(t *testing.T) {
	version, err := exec.Command("clang", "--version").Output()
	if err != nil {
		t.Skip("it needs clang: ", err)
	}
	release := regexp.MustCompile(`version (\d+)`).FindSubmatch(version)
	if release == nil || string(release[1]) != madeWith {
		t.Skipf("the objects were made with clang %s; this is %s", madeWith, version)
	}
	text, err := os.ReadFile("generate.go")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^//go:generate (go tool -modfile=\S+ bpf2go .*)$`).FindSubmatch(text)
	if command == nil {
		t.Fatal("generate.go does not say how the objects are made")
	}
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", strings.Replace(string(command[1]), "bpf2go ", "bpf2go -output-dir "+dir+" ", 1))
	cmd.Env = append(os.Environ(), "GOPACKAGE=record")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "zrecord_*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%s makes %v, %v", command[1], files, err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(file))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current: run make generate (%v)", filepath.Base(file), err)
		}
	}
}
