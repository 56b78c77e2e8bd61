/** The settings of the servers in the interop run, and in the tests that are part of it; ZooKeeper knows all of them. */
export const settings = {
  tickTime: 500,
  initLimit: 20,
  syncLimit: 10,
  minSessionTimeout: 1000,
  maxSessionTimeout: 60_000,
  '4lw.commands.whitelist': '*',
  extendedTypesEnabled: 'true',
  // The superuser's credentials are super:secret.
  'DigestAuthenticationProvider.superDigest': 'super:lK75jTNcA+U9vtVEw5vB51mj/w4=',
};
