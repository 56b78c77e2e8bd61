/**
 * Connections on their way from hello to welcome: the leader makes or attaches the session, and the client is let in once
 * this server has applied all that the client and the session may have seen. For a session that is to be made that comes
 * first, so that nothing is made for a client whose zxid is of another ensemble and never comes.
 *
 * Each question to the leader carries a tag; the answer to a question that was asked anew is recognised by its old tag.
 */
import { limits, PROTOCOL_VERSION, SECRET_BYTES, welcomeToWire, type ErrorCode, type Hello } from '@synod/protocol';
import type { Connection } from './connection.js';
import type { ServerMessage } from './message.js';
import type { ReplicaOptions } from './options.js';
import { hashSecret } from './secret.js';
import type { Surroundings } from './surroundings.js';

/** What a handshake leads to. */
export interface HandshakeOutcome {
  opened(connection: Connection): void;
  dismiss(connection: Connection, code: ErrorCode, reason: string): void;
}

export class Handshakes {
  readonly #options: ReplicaOptions;
  readonly #around: Surroundings;
  readonly #outcome: HandshakeOutcome;
  readonly #byTag = new Map<number, Connection>();
  readonly #tags = new Map<number, number>();
  /** Waiting until more is applied here: attached ones, and those whose session is not made before. */
  readonly #waiting = new Set<Connection>();
  #nextTag: number;

  constructor(options: ReplicaOptions, around: Surroundings, firstTag: number, outcome: HandshakeOutcome) {
    this.#options = options;
    this.#around = around;
    this.#nextTag = firstTag;
    this.#outcome = outcome;
  }

  hello(connection: Connection, hello: Hello): void {
    if (!hello.versions.includes(PROTOCOL_VERSION)) {
      const reason = `this server speaks version ${PROTOCOL_VERSION} of the protocol, not ${hello.versions.join(', ')}`;
      this.#outcome.dismiss(connection, 'UNIMPLEMENTED', reason);
      return;
    }
    const { minSessionTimeout, maxSessionTimeout } = this.#options;
    connection.timeout = Math.min(Math.max(hello.timeout, minSessionTimeout), maxSessionTimeout);
    connection.seen = connection.openAt = hello.lastZxid;
    connection.resumes = hello.session !== 0;
    connection.session = hello.session;
    const { secret } = hello;
    connection.secret = connection.resumes && secret ? secret : this.#around.randomBytes(SECRET_BYTES);
    connection.secretHash = hashSecret(connection.secret);
    connection.state = 'opening';
    connection.openedAt = this.#around.clock;
    this.#tag(connection);
    if (this.#around.serving) this.#ask(connection);
  }

  /** A new leader: what an earlier one was asked may be lost or may still come. */
  askAgain(connection: Connection): void {
    if (connection.resumes) {
      this.forget(connection);
      this.#tag(connection);
      connection.generation = 0;
    }
    this.#ask(connection);
  }

  #tag(connection: Connection): void {
    const tag = this.#nextTag++;
    this.#tags.set(connection.id, tag);
    this.#byTag.set(tag, connection);
  }

  #ask(connection: Connection): void {
    const { session, secretHash, timeout, identities, resumes } = connection;
    if (!resumes && this.#isBehind(connection)) {
      this.#waiting.add(connection);
      return;
    }
    const tag = this.#tags.get(connection.id);
    if (tag === undefined) throw new Error(`connection ${connection.id} has no tag`);
    this.#around.toLeader(
      resumes
        ? { type: 'attach', tag, session, secretHash, timeout, identities }
        : { type: 'open', tag, timeout, secretHash, identities },
    );
  }

  /** The leader has attached a session. */
  attached(message: Extract<ServerMessage, { type: 'attached' }>): void {
    const connection = this.#byTag.get(message.tag);
    if (!connection) return;
    connection.generation = message.generation;
    connection.lastNumber = message.lastNumber;
    connection.openAt = Math.max(connection.openAt, message.zxid);
    this.#waiting.add(connection);
    this.level();
  }

  /** The leader will not open or attach. */
  refused(tag: number, code: ErrorCode, reason: string): void {
    const connection = this.#byTag.get(tag);
    if (connection) this.#outcome.dismiss(connection, code, reason);
  }

  /** A session was made for one of our connections. */
  created(tag: number, session: number): void {
    const connection = this.#byTag.get(tag);
    if (!connection || connection.resumes) return;
    connection.session = session;
    connection.generation = session;
    this.#welcome(connection);
  }

  /** More is applied. */
  level(): void {
    for (const connection of this.#waiting) {
      if (this.#around.tree.zxid < connection.openAt) continue;
      if (connection.resumes) this.#welcome(connection);
      else if (this.#around.serving) {
        this.#waiting.delete(connection);
        this.#ask(connection);
      }
    }
  }

  /** The client has seen more than this server. */
  #isBehind(connection: Connection): boolean {
    return this.#around.tree.zxid < connection.seen;
  }

  #welcome(connection: Connection): void {
    this.forget(connection);
    connection.state = 'open';
    const { session, secret, timeout, resumes, lastNumber } = connection;
    connection.out.push(
      welcomeToWire({
        version: PROTOCOL_VERSION,
        resumed: resumes,
        session,
        secret,
        timeout,
        zxid: this.#around.tree.zxid,
        server: this.#options.zab.self,
        lastWrite: lastNumber,
        maxFrameBytes: limits.frameBytes,
        maxOutstandingWrites: limits.outstandingWrites,
        maxOutstandingRequests: limits.outstandingRequests,
        maxMultiOperations: limits.multiOperations,
      }),
    );
    this.#outcome.opened(connection);
  }

  /** Sends away who takes too long to say hello, or who cannot be served in time. */
  checkTime(connection: Connection): void {
    const waited = this.#around.clock - connection.openedAt;
    const opening = connection.state === 'opening';
    const { zab, noLeaderMs } = this.#options;
    if (connection.state === 'hello' && waited > limits.helloMs) {
      this.#outcome.dismiss(connection, 'MARSHALLING_ERROR', `no hello within ${limits.helloMs} ms`);
    } else if (opening && waited > zab.syncMs + noLeaderMs) {
      this.#outcome.dismiss(connection, 'CONNECTION_LOSS', 'the session could not be opened in time');
    } else if (opening && waited > noLeaderMs && this.#around.serving && this.#isBehind(connection)) {
      // Another server may well have what this one lacks.
      this.#outcome.dismiss(connection, 'CONNECTION_LOSS', 'this server is behind the client');
    }
  }

  /** The connection is open, or gone. */
  forget(connection: Connection): void {
    const tag = this.#tags.get(connection.id);
    if (tag !== undefined) this.#byTag.delete(tag);
    this.#tags.delete(connection.id);
    this.#waiting.delete(connection);
  }
}
