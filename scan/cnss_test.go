package scan

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
)

func TestServices(t *testing.T) {
	const usual = "passwd: files\ngroup: files\nshadow: files\nhosts: files\nnetworks: files\npublickey: files\naliases: files\n" +
		"ethers: files\nnetgroup: files\nprotocols: files\nrpc: files\nservices: files\npasswd_compat: files\ngroup_compat: files\nshadow_compat: files\n"
	for _, c := range []struct {
		name, content string
		want          []string // nil: an error
	}{
		{"usual", usual, []string{"files"}},
		{"actions", usual + "hosts: mymachines resolve [!UNAVAIL=return SUCCESS=continue] files[NOTFOUND=return]dns # winbind\n", []string{"dns", "files", "mymachines", "resolve"}},
		{"spaces", usual + "\tinitgroups :files\twinbind [ NOTFOUND = return ]\n", []string{"files", "winbind"}},
		{"others", usual + "sudoers: files sss\nautomount: ldap\n", []string{"files"}},
		{"open", usual + "group: files [SUCCESS=merge systemd\n", []string{"files"}},
		{"nothing said", "hosts: myhostname\n", []string{"compat", "dns", "files", "myhostname", "nis", "nisplus"}},
		{"no file", "", []string{"compat", "dns", "files", "nis", "nisplus"}},
		{"a path", usual + "hosts: ../mine\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if c.content != "" {
				if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, "etc/nsswitch.conf"), []byte(c.content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := services(elfimage.NewLoader(root, &elfimage.Image{}))
			if (err != nil) != (c.want == nil) || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}
