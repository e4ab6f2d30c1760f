package collect

import (
	"strings"
	"testing"

	"github.com/kubewake/kubewake/internal/tlsfiles"
)

// TestEntrances: what takes data in is guarded in the same way, and what is wrong is said in the same words, under the name of its own setting.
func TestEntrances(t *testing.T) {
	const open = "is reached from other machines; give cert, key and tokens or clientCA instead"
	const nobody = "nobody is asked who they are, so tokens and clientCA would hold for nobody: give them, with cert and key, or insecure"
	pair, believed := tlsfiles.Server{Cert: "cert", Key: "key"}, tlsfiles.Server{Cert: "cert", Key: "key", ClientCA: "ca"}
	for name, c := range map[string]struct {
		listen   string
		tls      tlsfiles.Server
		tokens   string
		insecure bool
		want     []string
	}{
		"no listener":             {"", tlsfiles.Server{}, "tokens", true, nil},
		"plain on loopback":       {"127.0.0.1:1", tlsfiles.Server{}, "", true, nil},
		"plain on loopback, IPv6": {"[::1]:1", tlsfiles.Server{}, "", true, nil},
		"with tokens":             {"0.0.0.0:1", pair, "tokens", false, nil},
		"with client CA":          {"0.0.0.0:1", believed, "", false, nil},
		"no port":                 {"localhost", tlsfiles.Server{}, "", true, []string{`SETTING.LISTEN: "localhost": want HOST:PORT`}},
		"plain for all":           {"10.0.0.1:1", tlsfiles.Server{}, "", true, []string{"SETTING.insecure: 10.0.0.1:1 " + open}},
		"tokens for nobody":       {"127.0.0.1:1", tlsfiles.Server{}, "tokens", true, []string{"SETTING.insecure: " + nobody}},
		"client CA for nobody":    {"127.0.0.1:1", believed, "", true, []string{"SETTING.insecure: " + nobody}},
		"no TLS":                  {"127.0.0.1:1", tlsfiles.Server{}, "tokens", false, []string{"SETTING.tls: cert and key are needed (or insecure, on LOOPBACK)"}},
		"no key":                  {"127.0.0.1:1", tlsfiles.Server{Cert: "cert", ClientCA: "ca"}, "", false, []string{"SETTING.tls: cert and key are needed (or insecure, on LOOPBACK)"}},
		"who sends?":              {"0.0.0.0:1", pair, "", false, []string{"SETTING: tokens or tls.clientCA is needed, to know who sends"}},
		"two things at once":      {":1", tlsfiles.Server{}, "tokens", true, []string{"SETTING.insecure: :1 " + open, "SETTING.insecure: " + nobody}},
	} {
		check := func(config Config, setting, listen, loopback string) {
			t.Helper()
			said := ""
			if err := config.Check(); err != nil {
				said = err.Error()
			}
			want := strings.NewReplacer("SETTING", setting, "LISTEN", listen, "LOOPBACK", loopback).Replace(strings.Join(c.want, "\n"))
			if said != want {
				t.Errorf("%s, %s.%s:\ngot  %s\nwant %s", name, setting, listen, said, want)
			}
		}
		check(Config{Receive: Receive{Listen: c.listen, TLS: c.tls, Tokens: c.tokens, Insecure: c.insecure}}, "receive", "listen", "a loopback address")
		check(Config{OTLP: OTLP{GRPC: c.listen, TLS: c.tls, Tokens: c.tokens, Insecure: c.insecure}}, "otlp", "grpc", "loopback addresses")
		check(Config{OTLP: OTLP{HTTP: c.listen, TLS: c.tls, Tokens: c.tokens, Insecure: c.insecure}}, "otlp", "http", "loopback addresses")
	}
}
