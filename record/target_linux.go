//go:build linux && (amd64 || arm64)

package record

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes lists the processes that are to be joined.
func (t Target) processes() ([]int, error) {
	pids := append([]int(nil), t.PIDs...)
	for _, pid := range t.PIDs {
		if pid == os.Getpid() {
			return nil, fmt.Errorf("%d is the recorder itself", pid)
		}
		switch leader := leaderOf(pid); leader {
		case pid:
		case 0:
			return nil, fmt.Errorf("there is no process %d", pid)
		default:
			return nil, fmt.Errorf("%d is a thread of process %d: join that", pid, leader)
		}
	}
	if t.Cgroup == "" {
		return pids, nil
	}
	err := filepath.WalkDir(t.Cgroup, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return err
		}
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid != os.Getpid() {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the processes of the control group %s: %w", t.Cgroup, err)
	}
	return pids, nil
}
