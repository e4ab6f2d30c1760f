package local

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/kubewake/kubewake/engine"
)

// A cursor is the sort key of the last item given, and a digest of the question that it belongs to: it stays right
// while facts are added, because it names a place in the order and no count.
type cursor struct {
	Question string   `json:"q"`
	Key      []string `json:"k"`
}

// questionDigest names a question whose answer is read in pieces. The limit and the cursor are no part of it.
func questionDigest(kind string, question any) string {
	b, err := json.Marshal(question)
	if err != nil { // questions are plain values
		panic("local: encode a question: " + err.Error())
	}
	sum := sha256.Sum256(append([]byte(kind+"\n"), b...))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

func encodeCursor(digest string, key ...string) string {
	b, err := json.Marshal(cursor{Question: digest, Key: key})
	if err != nil {
		panic("local: encode a cursor: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor gives the key of a cursor with parts parts, or nil for an empty one.
func decodeCursor(text, digest string, parts int) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	switch {
	case err != nil || len(c.Key) != parts:
		return nil, engine.Errorf(engine.KindBadQuestion, "the cursor %q can not be read: use one as an answer gave it", text)
	case c.Question != digest:
		return nil, engine.Errorf(engine.KindBadQuestion, "the cursor belongs to another question: ask the same question again, or begin without a cursor")
	}
	return c.Key, nil
}
