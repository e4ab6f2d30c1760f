package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/engine"
)

// Stat writes the tables one below the other.
func Stat(w io.Writer, st *engine.Stat, s Style) error {
	if err := s.sizes(w, st); err != nil {
		return err
	}
	tables := append([]engine.Table{{Name: "records", Rows: st.Records}}, st.Tables...)
	for _, ranking := range tables {
		if err := s.ranking(w, ranking); err != nil {
			return err
		}
	}
	return s.errors(w, st.Errors)
}

// section starts a table under its title, indented by nothing.
func (s Style) section(w io.Writer, title string) error {
	_, err := fmt.Fprintln(w, "\n"+s.paint(bold, clean(strings.ToUpper(title))))
	return err
}

func (s Style) sizes(w io.Writer, st *engine.Stat) error {
	line := Bytes(st.OnDisk) + " on disk"
	if st.RawBytes > 0 {
		line += fmt.Sprintf(", %.1f %% of %s read", 100*float64(st.OnDisk)/float64(st.RawBytes), Bytes(st.RawBytes))
	}
	if _, err := fmt.Fprintln(w, line); err != nil {
		return err
	}
	if len(st.Disk) == 0 {
		return nil
	}
	if err := s.section(w, "disk by class"); err != nil {
		return err
	}
	t := &table{style: s, heads: []string{"CLASS", "RECORDS", "ENCODED", "ON DISK"}, right: map[int]bool{1: true, 2: true, 3: true}}
	for _, c := range st.Disk {
		t.add(text(c.Name), text(strconv.FormatInt(c.Records, 10)), text(Bytes(c.Raw)), text(Bytes(c.Disk)))
	}
	return t.write(w)
}

func (s Style) ranking(w io.Writer, ranking engine.Table) error {
	if len(ranking.Rows) == 0 {
		return nil
	}
	if err := s.section(w, ranking.Name); err != nil {
		return err
	}
	t := &table{style: s, heads: []string{"COUNT", "NAME"}, right: map[int]bool{0: true}}
	sized := false
	for _, row := range ranking.Rows {
		sized = sized || row.Bytes > 0
	}
	if sized {
		t.heads, t.right[1] = []string{"COUNT", "ENCODED", "NAME"}, true
	}
	for _, row := range ranking.Rows {
		count, name := text(strconv.FormatInt(row.Count, 10)), text(row.Name)
		if sized {
			t.add(count, text(Bytes(row.Bytes)), name)
		} else {
			t.add(count, name)
		}
	}
	if err := t.write(w); err != nil {
		return err
	}
	if ranking.More > 0 {
		_, err := fmt.Fprintln(w, s.paint(dim, fmt.Sprintf("… %d more; --top lists more", ranking.More)))
		return err
	}
	return nil
}

func (s Style) errors(w io.Writer, rates []engine.ErrRate) error {
	if len(rates) == 0 {
		return nil
	}
	if err := s.section(w, "errors by user and resource"); err != nil {
		return err
	}
	t := &table{style: s, heads: []string{"FAILED", "OF", "RATE", "USER", "RESOURCE"}, right: map[int]bool{0: true, 1: true, 2: true}}
	for _, r := range rates {
		color := plain
		if r.Rate >= 0.5 {
			color = red
		}
		t.add(text(strconv.FormatInt(r.Failed, 10)), text(strconv.FormatInt(r.Total, 10)), painted(color, fmt.Sprintf("%.1f %%", 100*r.Rate)), text(s.user(r.User)), text(r.Resource))
	}
	return t.write(w)
}
