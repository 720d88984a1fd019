//go:build decoded

package main

import (
	"encoding/json"
	"syscall"
)

// An object that is read from text.
func start(args ...string) error {
	var settings struct{ Attr *syscall.SysProcAttr }
	if err := json.Unmarshal([]byte(`{"Attr": {"Setsid": true}}`), &settings); err != nil {
		return err
	}
	return run(settings.Attr, args...)
}
