import { Component, type ReactNode } from 'react';
import { Button, Empty } from '../parts';

/** Keeps an error of one page on that page, with a way on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state = { error: undefined as Error | undefined };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    // After an update of the server the code that this tab knows of is gone.
    const outdated = /dynamically imported module|Importing a module/i.test(error.message);
    return (
      <main>
        <Empty title={outdated ? 'This page has a newer version' : 'This page broke'} icon="warn">
          <p>{outdated ? 'The server was updated, or can not be reached.' : error.message}</p>
          <p>
            <Button onClick={() => (outdated ? location.reload() : this.setState({ error: undefined }))} icon="retry">
              {outdated ? 'Load it again' : 'Try again'}
            </Button>
          </p>
        </Empty>
      </main>
    );
  }
}
