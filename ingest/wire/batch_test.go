package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/storetest"
)

func codec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sample() ingest.Batch {
	return ingest.Batch{Cluster: "c", Records: storetest.History(storetest.Config{Seed: 3, Objects: 8, Clusters: []record.Cluster{"c"}}),
		Marks: []ingest.Mark{{Key: "tail/audit.log", Value: []byte{0, 1, 2}}, {Key: "gone"}}}
}

func TestRoundTrip(t *testing.T) {
	c := codec(t)
	for name, b := range map[string]ingest.Batch{"facts": sample(), "nothing": {Cluster: "c"}, "a mark": {Cluster: "c", Marks: []ingest.Mark{{Key: "k", Value: []byte("v")}}}} {
		encoded, err := c.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		again, err := c.Encode(got)
		if err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%s: encodes otherwise a second time (%v)", name, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	foreign := sample()
	foreign.Cluster = "other"
	empty := ingest.Batch{Cluster: "c", Records: []*record.Record{{Kind: record.KindEnd, Ref: record.ObjectRef{Cluster: "c"}}}}
	for name, b := range map[string]ingest.Batch{"foreign records": foreign, "no body": empty, "no cluster": {}} {
		if _, err := codec(t).Encode(b); !errors.Is(err, ingest.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// packed is what Encode would send of raw bytes, telling another length if told is set.
func packed(t testing.TB, raw []byte, told int) []byte {
	t.Helper()
	if told == 0 {
		told = len(raw)
	}
	return codec(t).pack.EncodeAll(raw, binary.AppendUvarint([]byte("KWB\x01"), uint64(told)))
}

func TestDecodeRefuses(t *testing.T) {
	c := codec(t)
	good, err := c.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	bomb := packed(t, make([]byte, 8<<20), 0)
	for name, b := range map[string][]byte{
		"nothing": nil, "other magic": []byte("PK\x03\x04 and more"), "newer version": append([]byte("KWB\x02"), good[4:]...),
		"cut": good[:len(good)-3], "a flipped bit": flipped, "more behind": append(bytes.Clone(good), 0),
		"told too short":     packed(t, []byte("\x01c\x00\x00"), 3),
		"told too long":      packed(t, []byte("\x01c\x00\x00"), 5),
		"over the limit":     binary.AppendUvarint([]byte("KWB\x01"), MaxRawBytes+1),
		"zeros, 8 MiB":       bomb,
		"many records":       packed(t, append([]byte("\x01c\xff\xff\xff\x7f"), make([]byte, 100)...), 0),
		"many marks":         packed(t, append([]byte("\x01c\x00\xff\xff\x7f"), make([]byte, 100)...), 0),
		"no cluster":         packed(t, []byte("\x00\x00\x00"), 0),
		"rest in the batch":  packed(t, []byte("\x01c\x00\x00\x00"), 0),
		"not a record":       packed(t, []byte("\x01c\x01\x02xx\x00"), 0),
		"mark without a key": packed(t, []byte("\x01c\x00\x01\x00\x00"), 0),
		"record of another cluster": packed(t, func() []byte {
			r := record.Append(nil, &record.Record{Kind: record.KindEnd, Ref: record.ObjectRef{Cluster: "d"}, End: &record.End{}})
			return append(appendString([]byte("\x01c\x01"), string(r)), 0)
		}(), 0),
	} {
		if _, err := c.Decode(b); !errors.Is(err, ErrBatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	c := codec(f)
	good, err := c.Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(packed(f, []byte("\x01c\x00\x01\x01k\x01v"), 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		batch, err := c.Decode(b)
		if err != nil {
			if !errors.Is(err, ErrBatch) {
				t.Fatalf("not an ErrBatch: %v", err)
			}
			return
		}
		again, err := c.Encode(batch)
		if err != nil {
			t.Fatalf("what was read does not encode: %v", err)
		}
		if _, err := c.Decode(again); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzInside changes what is packed, which FuzzDecode hardly reaches.
func FuzzInside(f *testing.F) {
	c := codec(f)
	f.Add([]byte("\x01c\x00\x01\x01k\x01v"))
	r := record.Append(nil, sample().Records[0])
	f.Add(append(appendString([]byte("\x01c\x01"), string(r)), 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := c.pack.EncodeAll(raw, binary.AppendUvarint([]byte("KWB\x01"), uint64(len(raw))))
		if _, err := c.Decode(b); err != nil && !errors.Is(err, ErrBatch) {
			t.Fatalf("not an ErrBatch: %v", err)
		}
	})
}
