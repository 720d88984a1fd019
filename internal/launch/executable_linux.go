//go:build linux && (amd64 || arm64)

package launch

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// checkExecutable says why the file is no compiled program that can be executed,
// as far as that can be said beforehand: after the fork the kernel's error is all
// there is, and that is ENOENT for a program without its dynamic loader and
// ENOEXEC for much else.
func checkExecutable(path string) error {
	if err := checkFile(path); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return withoutPath(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return withoutPath(err)
	}
	return checkELF(file, info.Size())
}

// checkFile says why the file cannot be executed, whatever is in it.
func checkFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return withoutPath(err)
	}
	if info.IsDir() {
		return errors.New("it is a directory")
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		if err == unix.EACCES && info.Mode()&0o111 == 0 {
			return fmt.Errorf("it is not executable (chmod +x makes it so): %w", err)
		}
		return err
	}
	return nil
}

// withoutPath takes the path out of an error that will name it anyway.
func withoutPath(err error) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func checkELF(file io.ReaderAt, size int64) error {
	start := make([]byte, 256)
	n, err := file.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return err
	}
	start = start[:n]
	if script, ok := bytes.CutPrefix(start, []byte("#!")); ok {
		line, _, _ := strings.Cut(string(script), "\n")
		return fmt.Errorf("it is a script for %s, not a compiled program", strings.TrimSpace(line))
	}
	if !bytes.HasPrefix(start, []byte(elf.ELFMAG)) {
		return errors.New("it is not a compiled program (an ELF file)")
	}
	var header elf.Header64
	if _, err := binary.Decode(start, binary.LittleEndian, &header); err != nil {
		return errTruncated
	}
	if elf.Class(header.Ident[elf.EI_CLASS]) != elf.ELFCLASS64 || elf.Data(header.Ident[elf.EI_DATA]) != elf.ELFDATA2LSB || elf.Machine(header.Machine) != machine {
		return fmt.Errorf("it is not a program for this machine (%v)", machine)
	}
	if kind := elf.Type(header.Type); kind != elf.ET_EXEC && kind != elf.ET_DYN {
		return fmt.Errorf("it is not a program, but an ELF file of another type (%v)", kind)
	}
	return checkSegments(file, size, &header)
}

var errTruncated = errors.New("the file is truncated: parts of the program are missing")

// checkSegments looks for the parts that are loaded. The kernel does not: it
// starts a truncated program, which dies where a part is missing.
func checkSegments(file io.ReaderAt, size int64, header *elf.Header64) error {
	table := make([]elf.Prog64, header.Phnum)
	if int(header.Phentsize) != binary.Size(elf.Prog64{}) {
		return errors.New("its program headers have a wrong size")
	}
	section := io.NewSectionReader(file, int64(header.Phoff), int64(binary.Size(table)))
	if err := binary.Read(section, binary.LittleEndian, table); err != nil {
		return errTruncated
	}
	loaded := false
	for _, segment := range table {
		kind := elf.ProgType(segment.Type)
		if kind != elf.PT_LOAD && kind != elf.PT_INTERP {
			continue
		}
		if end := segment.Off + segment.Filesz; end < segment.Off || end > uint64(size) {
			return errTruncated
		}
		if kind == elf.PT_LOAD {
			loaded = true
		} else if err := checkLoader(io.NewSectionReader(file, int64(segment.Off), int64(segment.Filesz))); err != nil {
			return err
		}
	}
	if !loaded {
		return errors.New("it has nothing to load")
	}
	return nil
}

// checkLoader looks for the dynamic loader whose path a program names.
func checkLoader(name *io.SectionReader) error {
	path := make([]byte, min(name.Size(), unix.PathMax))
	if _, err := io.ReadFull(name, path); err != nil {
		return err
	}
	loader := unix.ByteSliceToString(path)
	if err := unix.Access(loader, unix.X_OK); err != nil {
		return fmt.Errorf("its dynamic loader %s cannot be used: %w", loader, err)
	}
	return nil
}
