export { ConfigError, loadConfig, parseConfig, type Config } from './config.js';
export { Host } from './host/host.js';
export { nodeWorld } from './host/node-world.js';
export type { HostWorld } from './host/world.js';
export { createLogger, type Logger } from './host/logger.js';
export { runServer } from './run-server.js';
export type { PeerReport, ServerStatus } from './host/status.js';
