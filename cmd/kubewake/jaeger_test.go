package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
)

func TestJaegerSearch(t *testing.T) {
	at := func(second int64) *time.Time { t := time.Unix(second, 0); return &t }
	info := &engine.Info{Clusters: []engine.ClusterInfo{{Name: "a", First: at(200), Last: at(300)}, {Name: "b"}, {Name: "c", First: at(100), Last: at(250)}}}
	u, err := url.Parse(jaegerSearch(info, "https://jaeger.example/base/"))
	if err != nil || u.Host != "jaeger.example" || u.Path != "/base/search" {
		t.Errorf("%v %v", u, err)
	}
	if q := u.Query(); q.Get("start") != "100000000" || q.Get("end") != "300000001" || q.Get("service") != "tracing" {
		t.Errorf("asks for %v", q)
	}
	if got := jaegerSearch(&engine.Info{}, ""); got != "" {
		t.Errorf("of an empty store: %s", got)
	}
}
