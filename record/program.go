package record

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A program is an executable file that ran. It is opened while it is there: the
// files of tests, for example, are gone when their results are read.
type program struct {
	path string
	file *os.File // nil where it could not be opened

	arch      string
	goVersion string
	sha256    string
	// codeStart is the lowest address of code in the file: what the kernel calls
	// mm->start_code, wherever the file was loaded.
	codeStart uint64
}

// unknownProgram stands for programs of which nothing is known but a name.
func unknownProgram(name string) *program { return &program{path: name, arch: runtime.GOARCH} }

// openProgram opens the file that a process executes, as long as it is the one
// that is meant; or, where the process is gone, what is at the path.
func openProgram(pid int, path string, isMeant func(os.FileInfo) bool) *program {
	p := unknownProgram(path)
	exe := "/proc/" + strconv.Itoa(pid) + "/exe"
	if name, err := os.Readlink(exe); err == nil && pid > 0 && p.open(exe, isMeant) {
		p.path = strings.TrimSuffix(name, " (deleted)")
	} else if path != "" {
		p.open(path, isMeant)
	}
	return p
}

func (p *program) open(path string, isMeant func(os.FileInfo) bool) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || !isMeant(info) {
		file.Close()
		return false
	}
	p.file = file
	return true
}

// examine reads what is to be known of the file, once it is needed.
func (p *program) examine() {
	if p.file == nil || p.sha256 != "" {
		return
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(p.file, 0, 1<<62)); err != nil {
		return
	}
	p.sha256 = hex.EncodeToString(hash.Sum(nil))
	if info, err := buildinfo.Read(p.file); err == nil {
		p.goVersion = info.GoVersion
	}
	f, err := elf.NewFile(p.file)
	if err != nil {
		return
	}
	p.arch = archOf(f)
	p.codeStart = ^uint64(0)
	for _, segment := range f.Progs {
		if segment.Type == elf.PT_LOAD && segment.Flags&elf.PF_X != 0 {
			p.codeStart = min(p.codeStart, segment.Vaddr)
		}
	}
}

// archOf returns GOARCH's name for the architecture of a file, as far as it can
// run here.
func archOf(f *elf.File) string {
	switch {
	case f.Machine == elf.EM_386:
		return "386"
	case f.Machine == elf.EM_ARM:
		return "arm"
	case f.Machine == elf.EM_X86_64 && f.Class == elf.ELFCLASS32:
		return "x32"
	}
	return runtime.GOARCH
}

func (p *program) close() {
	if p.file != nil {
		p.file.Close()
	}
}

// commandOf returns the arguments that a process was started with.
func commandOf(pid int) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(text) == 0 {
		return nil
	}
	var args []string
	for arg := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
		args = append(args, string(arg))
	}
	return args
}
