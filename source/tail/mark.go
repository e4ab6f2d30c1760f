package tail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// state is what is remembered of a file. A Mark holds those of all files of a stream, the oldest first.
type state struct {
	Path string `json:"path"` // where it was seen last
	Dev  uint64 `json:"dev,omitempty"`
	Ino  uint64 `json:"ino,omitempty"`
	// Head is a digest of the first HeadLen bytes, all of which were read: at most headBytes. A file that begins so is
	// this one, wherever it lies: what it shares with it beyond that was read, or is as unlikely as two equal audit IDs.
	Head    string `json:"head,omitempty"`
	HeadLen int    `json:"headLen,omitempty"`
	// Seen is a digest of the first SeenLen bytes as they were seen last, read or not, while there are few of them. It
	// shows that a file was emptied whose first line was not whole yet.
	Seen    string `json:"seen,omitempty"`
	SeenLen int    `json:"seenLen,omitempty"`
	Offset  int64  `json:"offset"`         // of the first byte not read, unpacked; a line begins there
	Size    int64  `json:"size,omitempty"` // of a file put aside when it was seen last
	Live    bool   `json:"live,omitempty"` // it lies where the apiserver writes
	Packed  bool   `json:"packed,omitempty"`
	Done    bool   `json:"done,omitempty"`  // a packed one: read to its end
	Last    int64  `json:"last,omitempty"`  // stage time of the latest event read, in nanoseconds since 1970
	First   int64  `json:"first,omitempty"` // and of the first one
}

// headBytes is as much of a file's beginning as tells it from others: some events, each with its audit ID.
const headBytes = 4096

// markBytes bounds a mark; the sink's bound is 64 kB.
const markBytes = 60_000

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// markKey of a path or pattern, on the machine of that name; empty: there is only one.
func markKey(machine, path string) string {
	if machine != "" {
		path = machine + ":" + path
	}
	key := "tail/" + path
	if len(key) > 256 {
		key = "tail/sha256:" + digestOf([]byte(path))
	}
	return key
}

// encodeMark leaves out the oldest where there are too many: those would be read again.
func encodeMark(states []state) ([]byte, error) {
	for {
		b, err := json.Marshal(states)
		if err != nil || len(b) <= markBytes {
			return b, err
		}
		states = states[(len(states)+9)/10:]
	}
}

func decodeMark(b []byte) ([]state, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var states []state
	if err := json.Unmarshal(b, &states); err != nil {
		return nil, fmt.Errorf("read mark: %w", err)
	}
	for _, s := range states {
		if s.Offset < 0 || s.HeadLen < 0 || s.HeadLen > headBytes || int64(s.HeadLen) > s.Offset {
			return nil, fmt.Errorf("read mark: no sense in that of %s", s.Path)
		}
	}
	return states, nil
}
