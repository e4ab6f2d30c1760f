import { useState, type FormEvent } from 'react';
import { Button, Dialog } from '../parts';
import './TokenDialog.css';

/** Asks for the bearer token that this server wants; it is kept until the tab is closed. */
export function TokenDialog({ refused, onToken, onClose }: { refused: boolean; onToken: (token: string) => void; onClose: () => void }) {
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  };
  return (
    <Dialog title="This server wants a token" onClose={onClose}>
      <form className="token-form" onSubmit={submit}>
        <p>Paste the bearer token that whoever runs it gave you. It is kept in this tab and forgotten when the tab is closed.</p>
        {refused && (
          <p className="token-refused" role="alert">
            The server refused the token that was given last.
          </p>
        )}
        <label>
          Token
          <input data-autofocus type="password" autoComplete="off" spellCheck={false} value={token} onChange={(event) => setToken(event.target.value)} />
        </label>
        <div>
          <Button onClick={onClose}>Not now</Button>
          <button type="submit" className="button button-primary" disabled={!token.trim()}>
            Use it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
