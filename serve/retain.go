package serve

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/index"
)

// retain drops what the retention does not keep, every now and then. It goes by the settings of the moment at which it drops: what they no longer
// let go of must not go by those of before.
func (l *Live) retain(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.retainNow: // waits anew, as the settings now say
			continue
		case <-time.After(time.Duration(l.retentionNow().Every)):
		}
		r := l.retentionNow()
		policy := index.Policy{MaxAge: time.Duration(r.Age), MaxBytes: int64(r.Bytes)}
		if policy == (index.Policy{}) {
			continue
		}
		dropped, err := index.Retain(ctx, l.store, policy)
		if err != nil && ctx.Err() == nil {
			l.log.Error("retention failed; it is tried again", "error", err)
		}
		if dropped.Buckets > 0 {
			l.log.Info("dropped old parts", "parts", dropped.Buckets, "bytes", dropped.Bytes, "objects_carried", dropped.Objects)
		}
	}
}

func (l *Live) retentionNow() Retention {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.retention
}
