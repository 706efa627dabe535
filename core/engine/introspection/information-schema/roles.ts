/**
 * Roles in information_schema: APPLICABLE_ROLES, those that the asker may activate and what is granted to them, and
 * ENABLED_ROLES, those that are active (MySQL manual 28.3.2, 28.3.15).
 */
import { sameAccount, type Account, type GrantedRole, type RoleName } from '../../../catalog/account.js'
import { hasRole, reachableRoles } from '../../../catalog/roles.js'
import { computedTable } from '../computed-table.js'
import { text } from '../listing-columns.js'
import type { ListingRequest } from '../listing.js'

interface ApplicableRole {
  readonly user: Account
  readonly grantee: RoleName
  readonly role: GrantedRole
}

const yes = (condition: boolean): string => (condition ? 'YES' : 'NO')

/** The asker as such, without what its roles may do. */
function askerOf({ services, session }: ListingRequest): Account {
  return services.access.account(session.account)
}

function isMandatory(role: RoleName, { services }: ListingRequest): boolean {
  return hasRole(services.access.mandatoryRoles(), role)
}

export const APPLICABLE_ROLES = computedTable<ApplicableRole>('information_schema', 'APPLICABLE_ROLES', {
  columns: [
    text('USER', ({ user }) => user.user, 97),
    text('HOST', ({ user }) => user.host, 256),
    text('GRANTEE', ({ grantee }) => grantee.user, 97),
    text('GRANTEE_HOST', ({ grantee }) => grantee.host, 256),
    text('ROLE_NAME', ({ role }) => role.user, 255),
    text('ROLE_HOST', ({ role }) => role.host, 256),
    text('IS_GRANTABLE', ({ role }) => yes(role.adminOption), 3),
    text('IS_DEFAULT', ({ user, role }) => yes(hasRole(user.defaultRoles, role)), 3),
    text('IS_MANDATORY', ({ role }, request) => yes(isMandatory(role, request)), 3),
  ],
  walk: (request, emit) => {
    const user = askerOf(request)
    const { access } = request.services
    for (const role of access.rolesOf(user)) {
      const own = user.roles.find((each) => sameAccount(each, role))
      emit({ user, grantee: user, role: own ?? { ...role, adminOption: false } })
    }
    for (const grantee of reachableRoles(access.rolesOf(user), access.findRole)) {
      for (const role of grantee.roles) emit({ user, grantee, role })
    }
  },
})

export const ENABLED_ROLES = computedTable<RoleName>('information_schema', 'ENABLED_ROLES', {
  columns: [
    text('ROLE_NAME', ({ user }) => user, 255),
    text('ROLE_HOST', ({ host }) => host, 255),
    text('IS_DEFAULT', (role, request) => yes(hasRole(askerOf(request).defaultRoles, role)), 3),
    text('IS_MANDATORY', (role, request) => yes(isMandatory(role, request)), 3),
  ],
  walk: (request, emit) => {
    reachableRoles(request.session.activeRoles, request.services.access.findRole).forEach(emit)
  },
})
